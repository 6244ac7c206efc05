//! What of a company's messages and media somebody may see.

use std::sync::Arc;

use crate::{CompanyId, ConversationId};

/// The part of a company's conversations that somebody sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    #[default]
    Everything,
    /// These conversations, and nothing of the others.
    Conversations(Arc<[ConversationId]>),
}

/// For whom data of a company is read. Every read of conversations, messages and media takes one, so that none can forget to ask
/// who may see it. For people and programs it comes from their caller, for our own flows it is the whole company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    company: CompanyId,
    sees: Visibility,
}

impl Scope {
    pub fn new(company: CompanyId, sees: Visibility) -> Self {
        Self { company, sees }
    }

    /// Of a flow that works for the company itself: a download, a sweep, a check. Never of a request.
    pub fn system(company: CompanyId) -> Self {
        Self::new(company, Visibility::Everything)
    }

    pub fn company(&self) -> CompanyId {
        self.company
    }

    pub fn sees(&self) -> &Visibility {
        &self.sees
    }

    pub fn sees_everything(&self) -> bool {
        self.sees == Visibility::Everything
    }

    /// Whether it sees what belongs to this conversation of its company, or to none: such is seen by who sees everything.
    pub fn sees_file_of(&self, conversation: Option<ConversationId>) -> bool {
        conversation.map_or(self.sees_everything(), |conversation| self.sees_conversation(conversation))
    }

    /// Whether it sees what belongs to a conversation of its company.
    pub fn sees_conversation(&self, conversation: ConversationId) -> bool {
        match &self.sees {
            Visibility::Everything => true,
            Visibility::Conversations(conversations) => conversations.contains(&conversation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_sees_its_conversations_alone() {
        let company = CompanyId(1);
        let everything = Scope::system(company);
        assert!(everything.sees_everything() && everything.sees_conversation(ConversationId(9)));
        let some = Scope::new(company, Visibility::Conversations([ConversationId(3)].into()));
        assert!(!some.sees_everything() && some.sees_conversation(ConversationId(3)));
        assert!(!some.sees_conversation(ConversationId(9)));
        assert!(everything.sees_file_of(None) && !some.sees_file_of(None));
        assert!(
            !Scope::new(company, Visibility::Conversations([].into())).sees_conversation(ConversationId(3))
        );
    }
}
