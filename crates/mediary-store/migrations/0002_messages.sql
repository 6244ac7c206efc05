CREATE TABLE contacts (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    -- WhatsApp's id of a person, or of a group. People with a user name may have none.
    wa_id TEXT,
    -- Meta's business-scoped id of a person.
    user_id TEXT,
    phone TEXT,
    -- The profile name they chose.
    name TEXT,
    is_group BOOLEAN NOT NULL DEFAULT FALSE,
    -- Name, number and ids in lower case: what a search looks at.
    search_text TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    {key},
    -- One person, by either id.
    CONSTRAINT contacts_wa_id_key UNIQUE (company_id, wa_id),
    CONSTRAINT contacts_user_id_key UNIQUE (company_id, user_id),
    CONSTRAINT contacts_identity_check CHECK (wa_id IS NOT NULL OR user_id IS NOT NULL)
) {strict};

CREATE TABLE conversations (
    {id},
    company_id BIGINT NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    -- The newest message by WhatsApp's time; reactions do not count. No foreign key, for messages point back here.
    last_message_id BIGINT,
    last_message_at BIGINT NOT NULL,
    unread_count BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    {key},
    -- Begins with the contact, to find all conversations of one by it.
    CONSTRAINT conversations_contact_key UNIQUE (company_id, contact_id, account_id),
    -- For messages, so that their account is their conversation's.
    CONSTRAINT conversations_account_key UNIQUE (company_id, account_id, id),
    CONSTRAINT conversations_account_fkey FOREIGN KEY (company_id, account_id)
        REFERENCES whatsapp_accounts (company_id, id) ON DELETE CASCADE,
    CONSTRAINT conversations_contact_fkey FOREIGN KEY (company_id, contact_id)
        REFERENCES contacts (company_id, id) ON DELETE CASCADE,
    CONSTRAINT conversations_unread_count_check CHECK (unread_count >= 0)
) {strict};
-- The inbox, newest activity first.
CREATE INDEX conversations_newest ON conversations (company_id, last_message_at DESC, id DESC);

CREATE TABLE messages (
    {id},
    company_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    direction TEXT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    -- WhatsApp's own time.
    sent_at BIGINT NOT NULL,
    -- WhatsApp's id of the message; null until WhatsApp took an outbound one.
    provider_message_id TEXT,
    -- WhatsApp's id of its media.
    provider_media_id TEXT,
    media_mime_type TEXT,
    text TEXT,
    caption TEXT,
    sender_phone TEXT,
    sender_name TEXT,
    receiving_phone TEXT,
    -- WhatsApp's id of the message this one answers.
    reply_to TEXT,
    forwarded BOOLEAN NOT NULL DEFAULT FALSE,
    -- On a reaction: WhatsApp's id of the message, and the emoji (null takes it back).
    reaction_target TEXT,
    reaction_emoji TEXT,
    -- On any other message: the reactions to it as JSON, kept by ingest.
    reactions TEXT,
    -- The times of the newest edit and of the revocation.
    edited_at BIGINT,
    revoked_at BIGINT,
    -- A placeholder is filled when its content comes under the same id.
    placeholder BOOLEAN NOT NULL DEFAULT FALSE,
    error_code BIGINT,
    error_message TEXT,
    -- The user who sent it from here.
    created_by BIGINT,
    -- Only an import fills these; imported rows may lack the media id, which is found later.
    imported BOOLEAN NOT NULL DEFAULT FALSE,
    legacy_media_url TEXT,
    legacy_media_type TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Last, so that reading the other columns need not walk over it.
    raw_payload TEXT,
    {key},
    -- One message per WhatsApp id and account, however often it is sent.
    CONSTRAINT messages_provider_message_id_key UNIQUE (company_id, account_id, provider_message_id),
    CONSTRAINT messages_conversation_fkey FOREIGN KEY (company_id, account_id, conversation_id)
        REFERENCES conversations (company_id, account_id, id) ON DELETE CASCADE,
    CONSTRAINT messages_direction_check CHECK (direction IN ('inbound', 'outbound')),
    CONSTRAINT messages_type_check CHECK (type IN ('text', 'image', 'video', 'audio', 'document', 'sticker',
        'location', 'contacts', 'reaction', 'interactive', 'button', 'order', 'template', 'system', 'unsupported')),
    CONSTRAINT messages_status_check CHECK (status IN ('received', 'queued', 'uploading', 'accepted', 'unknown',
        'sent', 'delivered', 'read', 'played', 'failed')),
    -- What came with media can be asked for.
    CONSTRAINT messages_media_id_check CHECK (imported OR direction <> 'inbound' OR provider_media_id IS NOT NULL
        OR type NOT IN ('image', 'video', 'audio', 'document', 'sticker')),
    CONSTRAINT messages_reaction_check CHECK (type <> 'reaction' OR reaction_target IS NOT NULL)
) {strict};
-- A thread by WhatsApp's time; also for merging and cascades.
CREATE INDEX messages_thread ON messages (company_id, conversation_id, sent_at DESC, id DESC);
-- All reactions to a message.
CREATE INDEX messages_reactions ON messages (company_id, account_id, reaction_target)
    WHERE reaction_target IS NOT NULL;

-- Statuses, edits and revocations that came before their message. Applied when it comes.
CREATE TABLE message_updates (
    {id},
    company_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    provider_message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- WhatsApp's own time.
    sent_at BIGINT NOT NULL,
    -- The update as JSON.
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    {key},
    CONSTRAINT message_updates_account_fkey FOREIGN KEY (company_id, account_id)
        REFERENCES whatsapp_accounts (company_id, id) ON DELETE CASCADE,
    CONSTRAINT message_updates_kind_check CHECK (kind IN ('status', 'edit', 'revoke'))
) {strict};
-- What waits for a message.
CREATE INDEX message_updates_message ON message_updates (company_id, account_id, provider_message_id);
-- What waited too long.
CREATE INDEX message_updates_age ON message_updates (created_at);
