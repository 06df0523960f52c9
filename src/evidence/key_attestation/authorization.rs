//! Authorization lists: what binds a key, as software or as hardware enforces it.

use super::description::RootOfTrust;
use crate::wire::der::{DerFault, Element, Elements, only};

/// The most fields in one list; genuine ones have about 25.
const FIELD_LIMIT: usize = 128;

/// What counts only when hardware says so: the key's kind and use, its origin, and how the device was started.
const HARDWARE_TAGS: [u32; 12] = [1, 2, 3, 5, 10, 504, 702, 704, 705, 706, 718, 719];

/// One of the two lists, by the tags of Android's schema. Numbers are as the device writes them.
///
/// `None` and `false` mean that the list does not say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationList {
    /// Tag 1: what the key may do.
    pub purposes: Option<Vec<u64>>,
    /// Tag 2: the kind of key.
    pub algorithm: Option<u64>,
    /// Tag 3: its size, in bits.
    pub key_size: Option<u64>,
    /// Tag 4.
    pub block_modes: Option<Vec<u64>>,
    /// Tag 5: the digests that it may sign.
    pub digests: Option<Vec<u64>>,
    /// Tag 6.
    pub paddings: Option<Vec<u64>>,
    /// Tag 7.
    pub caller_nonce: bool,
    /// Tag 8, in bits.
    pub min_mac_length: Option<u64>,
    /// Tag 10: the curve.
    pub ec_curve: Option<u64>,
    /// Tag 11.
    pub ml_dsa_variant: Option<u64>,
    /// Tag 200.
    pub rsa_public_exponent: Option<u64>,
    /// Tag 203.
    pub mgf_digests: Option<Vec<u64>>,
    /// Tag 303: deleting the key is final.
    pub rollback_resistance: bool,
    /// Tag 305: the key works only while the system starts.
    pub early_boot_only: bool,
    /// Tag 400, in milliseconds since 1970.
    pub active_from: Option<u64>,
    /// Tag 401, in milliseconds since 1970.
    pub origination_expires: Option<u64>,
    /// Tag 402, in milliseconds since 1970.
    pub usage_expires: Option<u64>,
    /// Tag 405: how often the key may be used.
    pub usage_count_limit: Option<u64>,
    /// Tag 502.
    pub user_secure_id: Option<u64>,
    /// Tag 503: the key works without the user.
    pub no_auth_required: bool,
    /// Tag 504: how the user proves to be present, a bit mask.
    pub user_auth_type: Option<u64>,
    /// Tag 505, in seconds.
    pub auth_timeout: Option<u64>,
    /// Tag 506.
    pub allow_while_on_body: bool,
    /// Tag 507: somebody has to press a button.
    pub trusted_presence_required: bool,
    /// Tag 508: the user has to confirm a text.
    pub trusted_confirmation_required: bool,
    /// Tag 509: the screen has to be unlocked.
    pub unlocked_device_required: bool,
    /// Tag 600: every app may use the key.
    pub all_applications: bool,
    /// Tag 601.
    pub application: Option<Vec<u8>>,
    /// Tag 701: when the key was made by the device's clock, in milliseconds since 1970.
    pub created_at: Option<u64>,
    /// Tag 702: where the key comes from.
    pub origin: Option<u64>,
    /// Tag 703.
    pub rollback_resistant: bool,
    /// Tag 704: how the device was started.
    pub root_of_trust: Option<RootOfTrust>,
    /// Tag 705: the operating system's version, six digits.
    pub os_version: Option<u64>,
    /// Tag 706: YYYYMM.
    pub os_patch_level: Option<u64>,
    /// Tag 709: the app that made the key, DER within.
    pub application_id: Option<Vec<u8>>,
    /// Tags 710 to 717 and 723: who the device is.
    pub device_ids: Vec<(DeviceId, Vec<u8>)>,
    /// Tag 718: YYYYMMDD or YYYYMM.
    pub vendor_patch_level: Option<u64>,
    /// Tag 719: YYYYMMDD or YYYYMM.
    pub boot_patch_level: Option<u64>,
    /// Tag 720: StrongBox signed with a key of this very device.
    pub device_unique_attestation: bool,
    /// Tag 724: a digest over the system's modules.
    pub module_hash: Option<Vec<u8>>,
    /// The tags that stand in the list, in the order in which they stand.
    pub tags: Vec<u32>,
    /// Those among them that this program does not know.
    pub unknown_tags: Vec<u32>,
}

/// What a device says of itself when it is asked to attest its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceId {
    /// Tag 710.
    Brand,
    /// Tag 711.
    Device,
    /// Tag 712.
    Product,
    /// Tag 713: one device's own.
    Serial,
    /// Tag 714: one device's own.
    Imei,
    /// Tag 715: one device's own.
    Meid,
    /// Tag 716.
    Manufacturer,
    /// Tag 717.
    Model,
    /// Tag 723: one device's own.
    SecondImei,
}

impl AuthorizationList {
    /// Reads a list; errors with the tag at which it is not what Android's schema says.
    ///
    /// Fields may stand in any order, and unknown ones are recorded. A tag that stands twice is refused.
    pub(super) fn read(mut fields: Elements<'_>) -> Result<Self, ListFault> {
        let mut list = Self::default();
        while !fields.is_empty() {
            let field = fields.take()?;
            let tag = field.tag.explicit().ok_or(DerFault::Unexpected)?;
            if list.tags.contains(&tag) {
                return Err(ListFault::Repeated(tag));
            }
            if list.tags.len() == FIELD_LIMIT {
                return Err(ListFault::TooLong);
            }
            list.tags.push(tag);
            list.read_field(tag, field).map_err(|fault| ListFault::Field(tag, fault))?;
        }
        Ok(list)
    }

    /// Tags that only hardware can vouch for, when this is what software enforces.
    pub fn misplaced_tags(&self) -> Vec<u32> {
        self.tags.iter().copied().filter(|tag| HARDWARE_TAGS.contains(tag)).collect()
    }

    /// Whether the tags ascend, as DER wants and not every device does.
    pub fn is_in_order(&self) -> bool {
        self.tags.is_sorted()
    }

    fn read_field(&mut self, tag: u32, field: Element<'_>) -> Result<(), DerFault> {
        let known = self.read_key(tag, field)?
            || self.read_use(tag, field)?
            || self.read_system(tag, field)?
            || self.read_device_id(tag, field)?;
        if !known {
            self.unknown_tags.push(tag);
        }
        Ok(())
    }

    /// Tags 1 to 305: the key itself.
    fn read_key(&mut self, tag: u32, field: Element<'_>) -> Result<bool, DerFault> {
        match tag {
            1 => self.purposes = Some(numbers(field)?),
            2 => self.algorithm = Some(number(field)?),
            3 => self.key_size = Some(number(field)?),
            4 => self.block_modes = Some(numbers(field)?),
            5 => self.digests = Some(numbers(field)?),
            6 => self.paddings = Some(numbers(field)?),
            7 => self.caller_nonce = flag(field)?,
            8 => self.min_mac_length = Some(number(field)?),
            10 => self.ec_curve = Some(number(field)?),
            11 => self.ml_dsa_variant = Some(number(field)?),
            200 => self.rsa_public_exponent = Some(number(field)?),
            203 => self.mgf_digests = Some(numbers(field)?),
            303 => self.rollback_resistance = flag(field)?,
            305 => self.early_boot_only = flag(field)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Tags 400 to 601: when and by whom it may be used.
    fn read_use(&mut self, tag: u32, field: Element<'_>) -> Result<bool, DerFault> {
        match tag {
            400 => self.active_from = Some(number(field)?),
            401 => self.origination_expires = Some(number(field)?),
            402 => self.usage_expires = Some(number(field)?),
            405 => self.usage_count_limit = Some(number(field)?),
            502 => self.user_secure_id = Some(number(field)?),
            503 => self.no_auth_required = flag(field)?,
            504 => self.user_auth_type = Some(number(field)?),
            505 => self.auth_timeout = Some(number(field)?),
            506 => self.allow_while_on_body = flag(field)?,
            507 => self.trusted_presence_required = flag(field)?,
            508 => self.trusted_confirmation_required = flag(field)?,
            509 => self.unlocked_device_required = flag(field)?,
            600 => self.all_applications = flag(field)?,
            601 => self.application = Some(octets(field)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Tags 701 to 709 and 718 to 724: where the key was made, and in what system.
    fn read_system(&mut self, tag: u32, field: Element<'_>) -> Result<bool, DerFault> {
        match tag {
            701 => self.created_at = Some(number(field)?),
            702 => self.origin = Some(number(field)?),
            703 => self.rollback_resistant = flag(field)?,
            704 => self.root_of_trust = Some(only(field.content, RootOfTrust::read)?),
            705 => self.os_version = Some(number(field)?),
            706 => self.os_patch_level = Some(number(field)?),
            709 => self.application_id = Some(octets(field)?),
            718 => self.vendor_patch_level = Some(number(field)?),
            719 => self.boot_patch_level = Some(number(field)?),
            720 => self.device_unique_attestation = flag(field)?,
            724 => self.module_hash = Some(octets(field)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn read_device_id(&mut self, tag: u32, field: Element<'_>) -> Result<bool, DerFault> {
        let Some(kind) = DeviceId::of(tag) else { return Ok(false) };
        self.device_ids.push((kind, octets(field)?));
        Ok(true)
    }
}

impl DeviceId {
    const fn of(tag: u32) -> Option<Self> {
        Some(match tag {
            710 => Self::Brand,
            711 => Self::Device,
            712 => Self::Product,
            713 => Self::Serial,
            714 => Self::Imei,
            715 => Self::Meid,
            716 => Self::Manufacturer,
            717 => Self::Model,
            723 => Self::SecondImei,
            _ => return None,
        })
    }

    /// Whether the value names one device, and with it a person.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::Serial | Self::Imei | Self::Meid | Self::SecondImei)
    }

    /// The name in claims and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Device => "device",
            Self::Product => "product",
            Self::Serial => "serial",
            Self::Imei => "imei",
            Self::Meid => "meid",
            Self::Manufacturer => "manufacturer",
            Self::Model => "model",
            Self::SecondImei => "second_imei",
        }
    }
}

/// Why a list is not one of Android's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListFault {
    /// Not a list of explicitly tagged fields.
    #[error("{0}")]
    Der(#[from] DerFault),
    /// A field has another type.
    #[error("tag {0}: {1}")]
    Field(u32, DerFault),
    /// A tag stands twice.
    #[error("tag {0} stands twice")]
    Repeated(u32),
    /// More fields than any device writes.
    #[error("more than {FIELD_LIMIT} fields")]
    TooLong,
}

fn number(field: Element<'_>) -> Result<u64, DerFault> {
    only(field.content, |value| value.unsigned())
}

fn numbers(field: Element<'_>) -> Result<Vec<u64>, DerFault> {
    let mut set = only(field.content, |value| value.unsorted_set())?;
    let mut numbers = Vec::new();
    while !set.is_empty() {
        numbers.push(set.unsigned()?);
    }
    Ok(numbers)
}

fn octets(field: Element<'_>) -> Result<Vec<u8>, DerFault> {
    only(field.content, |value| value.octets()).map(<[u8]>::to_vec)
}

fn flag(field: Element<'_>) -> Result<bool, DerFault> {
    only(field.content, |value| value.null()).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::der;
    use crate::lab::key_attestation::{AuthorizationPlan, RootOfTrustPlan, numbers};
    use crate::wire::der::sequence;

    fn read(fields: Vec<(u64, Vec<u8>)>) -> Result<AuthorizationList, ListFault> {
        AuthorizationList::read(sequence(&AuthorizationPlan(fields).der())?)
    }

    const NUMBERS: [u64; 20] =
        [2, 3, 8, 10, 11, 200, 400, 401, 402, 405, 502, 504, 505, 701, 702, 705, 706, 718, 719, 2];
    const SETS: [u64; 5] = [1, 4, 5, 6, 203];
    const FLAGS: [u64; 13] = [7, 303, 305, 503, 506, 507, 508, 509, 600, 703, 720, 7, 303];
    const OCTETS: [u64; 12] = [601, 709, 710, 711, 712, 713, 714, 715, 716, 717, 723, 724];

    #[test]
    fn every_tag_of_the_schema_has_its_type() {
        let values = [
            (&NUMBERS[..], der::number(5)),
            (&SETS, numbers(&[4, 0])),
            (&FLAGS, der::null()),
            (&OCTETS, der::octets(&[1])),
            (&[704], RootOfTrustPlan::verified().der()),
        ];
        for (kind, (tags, _)) in values.iter().enumerate() {
            for tag in *tags {
                for (other, (_, value)) in values.iter().enumerate() {
                    let list = read(vec![(*tag, value.clone())]);
                    let (short, own) = (u32::try_from(*tag).expect("small"), other == kind);
                    assert_eq!(list.is_ok(), own, "tag {tag} as kind {other}");
                    assert!(list.is_ok_and(|list| list.unknown_tags.is_empty()) == own, "tag {short}");
                }
            }
        }
    }

    #[test]
    fn unknown_tags_are_recorded_and_those_of_hardware_known() {
        let list = read(vec![(9999, der::null()), (704, RootOfTrustPlan::verified().der()), (12, der::octets(&[]))]);
        let list = list.expect("a list");
        assert_eq!((list.unknown_tags.as_slice(), list.misplaced_tags().as_slice()), (&[9999, 12][..], &[704][..]));
        assert!(!list.is_in_order());
    }

    #[test]
    fn tags_stand_once_and_lists_end() {
        assert_eq!(read(vec![(3, der::number(1)), (3, der::number(1))]), Err(ListFault::Repeated(3)));
        assert_eq!(read(vec![(9999, der::null()), (9999, der::null())]), Err(ListFault::Repeated(9999)));
        let many = |count: u64| (10_000..10_000 + count).map(|tag| (tag, der::null())).collect();
        assert!(read(many(128)).is_ok());
        assert_eq!(read(many(129)), Err(ListFault::TooLong));
        let twice = [der::number(1), der::number(1)].concat();
        assert_eq!(read(vec![(3, twice)]), Err(ListFault::Field(3, DerFault::TrailingBytes)));
        let bare = AuthorizationList::read(sequence(&der::sequence(&[&der::number(1)])).expect("a sequence"));
        assert_eq!(bare, Err(ListFault::Der(DerFault::Unexpected)));
    }
}
