-- Where a number is at AWS. Its key is the account's access token.
ALTER TABLE whatsapp_accounts ADD COLUMN aws_region TEXT;
-- Media passes through it.
ALTER TABLE whatsapp_accounts ADD COLUMN aws_bucket TEXT;
-- By which its webhooks come.
ALTER TABLE whatsapp_accounts ADD COLUMN aws_topic_arn TEXT;
-- Whose a message of a topic can be.
CREATE INDEX whatsapp_accounts_topic ON whatsapp_accounts (aws_topic_arn) WHERE aws_topic_arn IS NOT NULL;
