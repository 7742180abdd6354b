-- What lists of the API walk along: newest ids first; whom an invitation is to; what was done with a credential.
CREATE INDEX members_by_id ON members (account_id, id);
CREATE INDEX invitations_by_id ON invitations (account_id, id);
CREATE INDEX invitations_to ON invitations (account_id, canonical, id);
CREATE INDEX events_by_credential ON events (log, credential_id, seq) WHERE credential_id IS NOT NULL;
