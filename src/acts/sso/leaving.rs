//! Setting out to a provider.

use super::{
    door::{Trip, Way, count, provider, provider_of},
    oidc, saml,
};
use crate::{
    acts::{Permit, Stop, Visitor},
    rules::{
        ids::UserId,
        permissions::may,
        sso::{Protocol, Purpose},
    },
    store::sso::DoorRow,
};

/// Sets out to sign in.
///
/// # Errors
/// [`Stop::Unknown`] for a provider that is not there or switched off; [`Stop::TooMany`]; [`Stop::Faults`] where the provider cannot be
/// talked to, which is noted for whoever administers it.
pub async fn begin(visitor: &Visitor, trip: &Trip<'_>) -> Result<Way, Stop> {
    let door = provider(visitor, trip.idp).await?;
    if door.idp.disabled_at.is_some() {
        return Err(Stop::Unknown);
    }
    leave(visitor, trip, &door, if trip.is_anew { Purpose::Prove } else { Purpose::SignIn }, None).await
}

/// Sets out to find out what would happen, as an administrator; also by a provider that is switched off.
///
/// # Errors
/// As [`begin`].
pub async fn test(permit: &Permit<may::ManageSso>, trip: &Trip<'_>) -> Result<Way, Stop> {
    let visitor = permit.person().visitor();
    let door = provider_of(permit, trip.idp).await?;
    leave(&visitor, trip, &door, Purpose::Test, Some(&permit.person().facts().user)).await
}

async fn leave(visitor: &Visitor, trip: &Trip<'_>, door: &DoorRow, purpose: Purpose, user: Option<&UserId>) -> Result<Way, Stop> {
    count(visitor).await?;
    match door.idp.protocol() {
        Some(Protocol::Oidc) => oidc::leave(visitor, trip, door, purpose, user).await,
        Some(Protocol::Saml) => saml::leave(visitor, trip, door, purpose, user).await,
        None => Err(Stop::Unknown),
    }
}
