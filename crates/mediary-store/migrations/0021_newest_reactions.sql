-- The newest reactions to a message; how many there are does not matter. Takes the place of an index without their times.
CREATE INDEX messages_reactions_newest ON messages (company_id, account_id, reaction_target, sent_at DESC, id DESC)
    WHERE reaction_target IS NOT NULL;
DROP INDEX messages_reactions;
