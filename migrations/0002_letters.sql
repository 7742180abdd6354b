-- Invitations are sent, and sent again; the letter that counts is named, so that its state is one look-up.
ALTER TABLE invitations ADD COLUMN sent_at BIGINT;
ALTER TABLE invitations ADD COLUMN letter_id TEXT_C;
CREATE INDEX invitation_uses_of ON invitation_uses (user_id);
CREATE INDEX invitations_of_inviter ON invitations (account_id, invited_by) WHERE closed_at IS NULL;

-- Why letters wait, while whoever takes them cannot be talked to: said once, for all of them.
ALTER TABLE instance ADD COLUMN mail_error TEXT_C;

-- How a letter left: by SMTP, as a file, or not at all because what it was about had ended.
ALTER TABLE outbox ADD COLUMN sent_as TEXT_C CHECK (sent_as IN ('smtp', 'file', 'withdrawn'));

-- Letters about something are found by it; what is long done is cleared out by its age.
CREATE INDEX outbox_about ON outbox (subject_id);
CREATE INDEX outbox_done ON outbox (created_at) WHERE sent_at IS NOT NULL OR failed_at IS NOT NULL;
