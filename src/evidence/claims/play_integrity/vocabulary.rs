//! Google's words in verdicts (discovery document of revision 20260910), and a place for those that it may add.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest word that is kept whole, in bytes; Google's longest has 46.
const WORD_LIMIT: usize = 64;

/// The beginning of a word that this program does not know.
///
/// It is a variant of its own, so that nothing that is compared with a known word can ever equal it.
fn bounded(word: &str) -> String {
    let end = word.char_indices().map(|(at, char)| at + char.len_utf8()).take_while(|end| *end <= WORD_LIMIT).last();
    word.get(..end.unwrap_or(0)).unwrap_or_default().to_owned()
}

/// Makes an enumeration of words, each known by its exact spelling.
macro_rules! vocabulary {
    ($(#[$about:meta])* $name:ident { $($(#[$says:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$says])* $variant,)+
            /// A word that is newer than this program, up to 64 bytes of it.
            Unrecognised(String),
        }

        impl $name {
            /// Every word that is known, in Google's order.
            pub const KNOWN: &[Self] = &[$(Self::$variant),+];

            /// The word as Google spells it.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unrecognised(word) => word,
                }
            }

            /// The word with exactly this spelling.
            pub fn named(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Unrecognised(bounded(other)),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::named(&word)
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.name().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.name())
            }
        }
    };
}

vocabulary! {
    /// Whether Google Play knows the app's package, version and certificate.
    AppVerdict {
        /// Not said; never sent by rights.
        Unknown = "UNKNOWN",
        /// Package and certificate are those that Play distributes.
        PlayRecognized = "PLAY_RECOGNIZED",
        /// They are not: re-signed, or loaded from elsewhere.
        UnrecognizedVersion = "UNRECOGNIZED_VERSION",
        /// The device did not meet what the evaluation needs.
        Unevaluated = "UNEVALUATED",
    }
}

vocabulary! {
    /// A label of a device. Labels accumulate; each has to be asked for by itself.
    DeviceLabel {
        /// Not said; never sent by rights.
        Unknown = "UNKNOWN",
        /// Passes basic checks; the bootloader may be unlocked.
        Basic = "MEETS_BASIC_INTEGRITY",
        /// A genuine, certified device; from Android 13 on, proved by hardware.
        Device = "MEETS_DEVICE_INTEGRITY",
        /// As before, and from Android 13 on with security updates of the last year.
        Strong = "MEETS_STRONG_INTEGRITY",
        /// An emulator with Google Play; not a phone.
        Virtual = "MEETS_VIRTUAL_INTEGRITY",
    }
}

vocabulary! {
    /// How many tokens the app asked for on this device in the last hour.
    ActivityLevel {
        /// Not said.
        Unspecified = "DEVICE_ACTIVITY_LEVEL_UNSPECIFIED",
        /// Not evaluated.
        Unevaluated = "UNEVALUATED",
        /// Up to 10 standard requests, or 5 classic ones.
        Level1 = "LEVEL_1",
        /// Up to 25, or 10.
        Level2 = "LEVEL_2",
        /// Up to 50, or 15.
        Level3 = "LEVEL_3",
        /// More.
        Level4 = "LEVEL_4",
    }
}

vocabulary! {
    /// Whether the account got the app from Google Play.
    LicensingVerdict {
        /// Not said; never sent by rights.
        Unknown = "UNKNOWN",
        /// It did.
        Licensed = "LICENSED",
        /// It did not.
        Unlicensed = "UNLICENSED",
        /// A requirement was missed.
        Unevaluated = "UNEVALUATED",
    }
}

vocabulary! {
    /// How usual the account's activity is; of restricted access, and no longer extended.
    AccountActivity {
        /// Not said.
        Unspecified = "ACTIVITY_LEVEL_UNSPECIFIED",
        /// Not evaluated.
        Unevaluated = "UNEVALUATED",
        /// Unusual.
        Unusual = "UNUSUAL",
        /// Google knows too little.
        Unknown = "UNKNOWN",
        /// Usual.
        TypicalBasic = "TYPICAL_BASIC",
        /// Usual, by stronger signals.
        TypicalStrong = "TYPICAL_STRONG",
    }
}

vocabulary! {
    /// Other apps that could see or steer this one.
    AccessRisk {
        /// Not said.
        Unspecified = "APPS_DETECTED_UNSPECIFIED",
        /// Apps from Play are installed.
        KnownInstalled = "KNOWN_INSTALLED",
        /// Apps from Play may capture the screen.
        KnownCapturing = "KNOWN_CAPTURING",
        /// Apps from Play may draw over others.
        KnownOverlays = "KNOWN_OVERLAYS",
        /// Apps from Play may control the device.
        KnownControlling = "KNOWN_CONTROLLING",
        /// Other apps are installed.
        UnknownInstalled = "UNKNOWN_INSTALLED",
        /// Other apps may capture the screen.
        UnknownCapturing = "UNKNOWN_CAPTURING",
        /// Other apps may draw over others.
        UnknownOverlays = "UNKNOWN_OVERLAYS",
        /// Other apps may control the device.
        UnknownControlling = "UNKNOWN_CONTROLLING",
    }
}

vocabulary! {
    /// What Google Play Protect says of the device.
    PlayProtect {
        /// Not said.
        Unspecified = "PLAY_PROTECT_VERDICT_UNSPECIFIED",
        /// Not evaluated.
        Unevaluated = "UNEVALUATED",
        /// On, and nothing was found.
        NoIssues = "NO_ISSUES",
        /// On, and no scan has run yet.
        NoData = "NO_DATA",
        /// Off.
        PossibleRisk = "POSSIBLE_RISK",
        /// On, and potentially harmful apps were found.
        MediumRisk = "MEDIUM_RISK",
        /// On, and dangerous apps were found.
        HighRisk = "HIGH_RISK",
    }
}

vocabulary! {
    /// How likely the device's location is made up.
    LocationRisk {
        /// Not said.
        Unspecified = "LOCATION_SPOOFING_RISK_VERDICT_UNSPECIFIED",
        /// Unlikely on the device.
        LowDevice = "LOW_RISK_DEVICE",
        /// Unlikely by the network.
        LowNetwork = "LOW_RISK_NETWORK",
        /// Possible on the device.
        MediumDevice = "MEDIUM_RISK_DEVICE",
        /// Possible by the network.
        MediumNetwork = "MEDIUM_RISK_NETWORK",
        /// Likely on the device.
        HighDevice = "HIGH_RISK_DEVICE",
        /// Likely by the network.
        HighNetwork = "HIGH_RISK_NETWORK",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_are_read_by_their_exact_spelling() {
        for word in DeviceLabel::KNOWN {
            assert_eq!(DeviceLabel::named(word.name()), *word);
        }
        for other in ["MEETS_STRONG_INTEGRITY_X", "meets_strong_integrity", " MEETS_STRONG_INTEGRITY", "STRONG", ""] {
            assert_eq!(DeviceLabel::named(other), DeviceLabel::Unrecognised(other.to_owned()), "{other:?}");
        }
    }

    #[test]
    fn words_that_are_not_known_are_kept_and_bounded() {
        let long = DeviceLabel::named(&"ü".repeat(1000));
        assert_eq!(long.name(), "ü".repeat(32));
        let written = serde_json::to_string(&[DeviceLabel::Strong, DeviceLabel::named("NEW")]).expect("writes");
        assert_eq!(written, r#"["MEETS_STRONG_INTEGRITY","NEW"]"#);
        let read: Vec<DeviceLabel> = serde_json::from_str(&written).expect("reads");
        assert_eq!(read, [DeviceLabel::Strong, DeviceLabel::Unrecognised("NEW".to_owned())]);
    }

    #[test]
    fn no_word_of_googles_is_longer_than_the_limit() {
        assert!(LocationRisk::KNOWN.iter().all(|word| word.name().len() <= WORD_LIMIT));
        assert!(ActivityLevel::KNOWN.iter().all(|word| word.name().len() <= WORD_LIMIT));
    }
}
