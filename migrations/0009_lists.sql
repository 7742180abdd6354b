-- What lists of the API walk along: newest ids first.
CREATE INDEX members_by_id ON members (account_id, id);
CREATE INDEX invitations_by_id ON invitations (account_id, id);
