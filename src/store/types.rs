//! Teaches ids and moments to both databases: as text and as BIGINT.

use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

use crate::rules::{
    credentials::CredentialId,
    ids::{
        AccountId, ApiKeyId, AuthtokenId, BotId, EventId, IdpId, InvitationId, IpPolicyId, IpRestrictionId, IpRuleId, LetterId, MemberId,
        OperationId, SessionId, SshKeyId, UserId, for_every_id,
    },
    time::Millis,
};

macro_rules! as_text {
    ($($id:ident)*) => {
        $(
            impl<DB: Database> Type<DB> for $id where String: Type<DB> {
                fn type_info() -> DB::TypeInfo {
                    <String as Type<DB>>::type_info()
                }
                fn compatible(info: &DB::TypeInfo) -> bool {
                    <String as Type<DB>>::compatible(info)
                }
            }

            impl<'q, DB: Database> Encode<'q, DB> for $id where String: Encode<'q, DB> {
                fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                    self.as_str().to_owned().encode(buffer)
                }
            }

            impl<'r, DB: Database> Decode<'r, DB> for $id where String: Decode<'r, DB> {
                fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
                    String::decode(value).map(Self::trusted)
                }
            }
        )*
    };
}

for_every_id!(as_text);
as_text!(CredentialId);

impl<DB: Database> Type<DB> for Millis
where
    i64: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <i64 as Type<DB>>::type_info()
    }
    fn compatible(info: &DB::TypeInfo) -> bool {
        <i64 as Type<DB>>::compatible(info)
    }
}

impl<'q, DB: Database> Encode<'q, DB> for Millis
where
    i64: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.0.encode(buffer)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Millis
where
    i64: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        i64::decode(value).map(Self)
    }
}
