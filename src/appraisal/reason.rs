//! Reasons: stable codes that explain a tier, each with what to do about it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Why a verdict is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The stable code; `docs/reasons.md` lists them all.
    pub code: Cow<'static, str>,
    /// What was found, for people. It holds no evidence and no identifier.
    pub text: Cow<'static, str>,
    /// What would help.
    pub remedy: Remedy,
}

impl Reason {
    /// A reason with a fixed text.
    pub const fn new(code: &'static str, text: &'static str, remedy: Remedy) -> Self {
        Self { code: Cow::Borrowed(code), text: Cow::Borrowed(text), remedy }
    }
}

/// What a mobile developer or a user can do about a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Nothing is needed, or nothing helps.
    None,
    /// Send the same again.
    RetryNow,
    /// Fetch a new challenge and sign it.
    NewChallenge,
    /// Make a new key and enrol it.
    ReEnrol,
    /// Install a newer or the genuine version of the app.
    UpdateApp,
    /// Install a newer operating system.
    UpdateOs,
    /// Show the user a dialog of Google Play, then ask for a new token.
    ShowPlayDialog(PlayDialog),
    /// Try again later.
    RetryAfter {
        /// How many seconds later.
        seconds: u32,
    },
    /// Nothing the app can do: the integration or the operator has to look at it.
    ContactSupport,
}

impl Remedy {
    /// The name in tables and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::RetryNow => "retry_now",
            Self::NewChallenge => "new_challenge",
            Self::ReEnrol => "re_enrol",
            Self::UpdateApp => "update_app",
            Self::UpdateOs => "update_os",
            Self::ShowPlayDialog(_) => "show_play_dialog",
            Self::RetryAfter { .. } => "retry_after",
            Self::ContactSupport => "contact_support",
        }
    }
}

/// A dialog in which Google Play helps the user to get a better verdict. A hint for the client, never evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayDialog {
    /// Get the app from Google Play.
    GetLicensed,
    /// Close apps that Play does not know and that may see or control the screen.
    CloseUnknownAccessRisk,
    /// Close all apps that may see or control the screen.
    CloseAllAccessRisk,
    /// Repair what can be repaired of device, app and licence.
    GetIntegrity,
}

impl PlayDialog {
    /// The number that Google's client library takes.
    pub const fn number(self) -> i32 {
        match self {
            Self::GetLicensed => 1,
            Self::CloseUnknownAccessRisk => 2,
            Self::CloseAllAccessRisk => 3,
            Self::GetIntegrity => 4,
        }
    }
}
