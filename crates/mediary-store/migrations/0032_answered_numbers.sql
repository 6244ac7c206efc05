-- Numbers that WhatsApp knows by another id, as it answered to a message: a zero too many, say. Who writes to such a number again finds
-- the contact that its reply came from.
CREATE TABLE answered_numbers (
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- Digits, as the message went to them.
    number TEXT NOT NULL,
    wa_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, number)
) {strict};
