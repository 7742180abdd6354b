//! What the API answers when something cannot be: one shape for everything (facts/ngrok.md §2.3).

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::json;
use crate::{
    acts::{Caller, NoKey, Stop},
    rules::{
        codes::{self, Code},
        credentials::Denial,
        faults::Faults,
        ids::OperationId,
        members::Team,
        permissions::{Carrier, Permission},
        time::Span,
    },
};

/// What went wrong.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub(super) status: StatusCode,
    pub(super) code: Code,
    pub(super) msg: String,
    /// After how many seconds trying again makes sense.
    pub(super) retry: Option<i64>,
}

/// What handlers answer.
pub(super) type Answer<T> = Result<T, ApiError>;

/// The body of an error.
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorBody {
    /// Stands for exactly one condition; the reference lists all of them.
    #[schema(example = "ERR_NGROK_203")]
    error_code: String,
    /// The same as the answer's status.
    #[schema(example = 401)]
    status_code: u16,
    /// A sentence for people.
    msg: String,
    details: ErrorDetails,
}

/// What helps to find out more.
#[derive(Serialize, ToSchema)]
pub(super) struct ErrorDetails {
    /// By which the logs know the request.
    #[schema(example = "op_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    operation_id: String,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: Code, msg: impl Into<String>) -> Self {
        Self { status, code, msg: msg.into(), retry: None }
    }

    /// Something is wrong with what was asked.
    pub(super) fn bad(code: Code, msg: impl Into<String>) -> Self {
        Self::new(status_of(code), code, msg)
    }

    /// What was asked for does not exist.
    pub(super) fn not_found() -> Self {
        Self::bad(codes::NOT_FOUND, "There is no such resource in this account.")
    }

    /// The answer, about this operation.
    fn shaped(self, operation: &str) -> Response {
        let body = ErrorBody {
            error_code: self.code.to_string(),
            status_code: self.status.as_u16(),
            msg: self.msg,
            details: ErrorDetails { operation_id: operation.to_owned() },
        };
        let mut response = json(self.status, &body);
        if let Some(seconds) = self.retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }

    pub(super) fn later(mut self, span: Span) -> Self {
        // Whole seconds, and never too few.
        self.retry = Some((span.0 + 999) / 1_000);
        self
    }
}

/// The status that goes with a code, where the place does not demand another.
pub(super) fn status_of(code: Code) -> StatusCode {
    match code {
        codes::NO_AUTHORIZATION
        | codes::BAD_AUTHORIZATION
        | codes::KEY_MALFORMED
        | codes::KEY_UNKNOWN
        | codes::KEY_IS_AUTHTOKEN
        | codes::KEY_IS_ID
        | codes::KEY_EXPIRED => StatusCode::UNAUTHORIZED,
        codes::IP_REFUSED
        | codes::AGENT_IP_REFUSED
        | codes::ENDPOINT_IP_REFUSED
        | codes::DASHBOARD_IP_REFUSED
        | codes::OWNER_FOREIGN
        | codes::OWNER_READ_ONLY
        | codes::MEMBER_DISABLED
        | codes::MISSING_INVITE
        | codes::MISSING_TEAM
        | codes::MISSING_DEVELOPER
        | codes::ADMINISTRATORS
        | codes::BOT_ADMINISTRATORS
        | codes::REMOVES_ADMINISTRATOR
        | codes::PROMOTES
        | codes::CHANGES_ADMINISTRATOR
        | codes::SWITCHES_ADMINISTRATOR
        | codes::OFFERS_ADMINISTRATOR
        | codes::ABOVE_OWN
        | codes::OFFER_ABOVE_OWN
        | codes::BOT_INACTIVE
        | codes::ACCESS_OVER
        | codes::FACTOR_OWED
        | codes::SSO_OWED => StatusCode::FORBIDDEN,
        codes::NOT_FOUND | codes::NO_SUCH_PATH | codes::WRONG_PREFIX | codes::IP_POLICY_NOT_FOUND | codes::IP_RULE_NOT_FOUND => {
            StatusCode::NOT_FOUND
        }
        codes::RATE => StatusCode::TOO_MANY_REQUESTS,
        codes::MISDIRECTED => StatusCode::MISDIRECTED_REQUEST,
        codes::BROKEN => StatusCode::INTERNAL_SERVER_ERROR,
        codes::BUSY | codes::TIMED_OUT => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

impl From<Faults> for ApiError {
    fn from(faults: Faults) -> Self {
        let code = faults.iter().find_map(|fault| fault.code).unwrap_or(codes::BAD_VALUE);
        let says: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect();
        Self::bad(code, says.join(" "))
    }
}

impl From<Denial> for ApiError {
    fn from(why: Denial) -> Self {
        Self::bad(why.code(), why.sentence())
    }
}

impl From<Stop> for ApiError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Faults(faults) => faults.into(),
            Stop::Key(no_key) => no_key.into(),
            Stop::Unknown | Stop::Moved(_) => Self::not_found(),
            Stop::Missing { permission, is_bot, .. } => missing(permission, is_bot),
            Stop::TooMany(rest) => {
                Self::bad(codes::RATE, "The account has made as many requests as it may within a minute. Wait for what Retry-After says.")
                    .later(rest)
            }
            Stop::Busy => Self::bad(codes::BUSY, "Busy at this moment. Try again in a few seconds.").later(Span::seconds(1)),
            // Keys have no sessions, so nothing asks them for a step.
            Stop::SignIn | Stop::Step(_) | Stop::Refused { .. } => Self::bad(codes::KEY_UNKNOWN, "This key opens nothing here."),
            Stop::Broken(error) => {
                tracing::error!(%error, "a request of the API failed");
                broken()
            }
        }
    }
}

impl From<crate::store::StoreError> for ApiError {
    fn from(error: crate::store::StoreError) -> Self {
        Stop::from(error).into()
    }
}

impl From<NoKey> for ApiError {
    fn from(no_key: NoKey) -> Self {
        let bad = |code, says: &str| Self::bad(code, says);
        match no_key {
            NoKey::Malformed => bad(codes::KEY_MALFORMED, "This does not have the shape of an API key. It may not be whole."),
            NoKey::Id => bad(codes::KEY_IS_ID, "This is the id of a credential, and not its secret, which was shown when it was made."),
            NoKey::Authtoken => bad(codes::KEY_IS_AUTHTOKEN, "This is an authtoken, which agents use. The API takes API keys."),
            NoKey::Unknown => bad(codes::KEY_UNKNOWN, "This API key is not known, or not any more."),
            NoKey::Denied(why) => why.into(),
        }
    }
}

fn missing(permission: Permission, is_bot: bool) -> ApiError {
    let code = match (permission, permission.carrier()) {
        (Permission::ManageBotUsers, _) => codes::BOT_ADMINISTRATORS,
        (_, Carrier::Administrators) => codes::ADMINISTRATORS,
        (_, Carrier::Team(Team::Invite)) => codes::MISSING_INVITE,
        (_, Carrier::Team(_)) => codes::MISSING_TEAM,
        _ => codes::MISSING_DEVELOPER,
    };
    if is_bot {
        return ApiError::bad(code, format!("Bot users may not {}: that takes the key of a person.", permission.sentence()));
    }
    let or_bot = if permission.is_of_bots() { ", or the key of a bot user" } else { "" };
    let says = format!("The owner of this key may not {}: that takes {}{or_bot}.", permission.sentence(), permission.carrier().needed());
    ApiError::bad(code, says.replace("takes to be", "takes being"))
}

fn broken() -> ApiError {
    ApiError::bad(codes::BROKEN, "A mistake of ours. If something was to be changed, look whether it was before trying again.")
}

impl IntoResponse for ApiError {
    /// The body is written by [`shape`], which knows the request.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every answer its operation id, and every error its body.
pub(super) async fn shape(request: Request, next: Next) -> Response {
    let operation = request.extensions().get::<Caller>().map(|caller| caller.request.to_string()).unwrap_or_default();
    let mut response = next.run(request).await;
    let status = response.status();
    let error = response.extensions_mut().remove::<ApiError>();
    // Whatever refuses a request before a handler sees it says so in the same shape.
    let error = error.or_else(|| (status.is_client_error() || status.is_server_error()).then(|| plain(status)));
    if let Some(error) = error {
        let kept = response.headers().get(header::ALLOW).cloned();
        response = error.shaped(&operation);
        if let Some(allow) = kept {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    name_operation(&mut response, &operation);
    response
}

fn name_operation(response: &mut Response, operation: &str) {
    if let Ok(value) = HeaderValue::from_str(operation) {
        response.headers_mut().insert("ngrok-operation-id", value);
    }
}

/// What the door says before a request is anybody's: the same shape.
pub(in crate::web) fn refusal(status: StatusCode, says: &str, operation: &OperationId) -> Response {
    let error = match status {
        // Whoever tried again at once might do it twice.
        StatusCode::SERVICE_UNAVAILABLE => ApiError::bad(codes::TIMED_OUT, says),
        StatusCode::MISDIRECTED_REQUEST => ApiError::bad(codes::MISDIRECTED, says),
        StatusCode::BAD_REQUEST => ApiError::bad(codes::BAD_VALUE, says),
        status => plain(status),
    };
    let mut response = error.shaped(operation.as_str());
    name_operation(&mut response, operation.as_str());
    response
}

fn plain(status: StatusCode) -> ApiError {
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::new(status, codes::NO_SUCH_PATH, "There is no such path, or it does not take this method.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(status, codes::BODY_UNREAD, "The body is too large."),
        status if status.is_client_error() => ApiError::new(status, codes::BAD_VALUE, "This request cannot be understood."),
        _ => broken(),
    }
}
