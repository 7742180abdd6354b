// E0616: a handler that names no permission takes the database out of the application.
use crate::{acts::App, store::{InAccount, Reader}, rules::ids::AccountId};

pub(super) fn read(app: &App, account: AccountId) -> Reader<InAccount> {
    app.0.db.reader(InAccount(account))
}
