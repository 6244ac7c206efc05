-- What is tried next of each company, so that one with very many parked items does not go before the others.
CREATE INDEX parked_items_company_due ON parked_items (company_id, next_attempt_at, id)
    WHERE next_attempt_at IS NOT NULL;
