-- Messages that a reaction was on and that were not known then. The reaction is a message itself and is shown when its message
-- comes; this is for the two that arrive at the same moment, on two nodes, neither of which sees the other's.
CREATE TABLE waiting_reactions (
    company_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    reaction_target TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT waiting_reactions_pkey PRIMARY KEY (company_id, account_id, reaction_target),
    CONSTRAINT waiting_reactions_account_fkey FOREIGN KEY (company_id, account_id)
        REFERENCES whatsapp_accounts (company_id, id) ON DELETE CASCADE
) {strict};
-- What came lately, and what waited too long.
CREATE INDEX waiting_reactions_age ON waiting_reactions (created_at);
