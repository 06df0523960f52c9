//! The tags of authorization lists that the laboratory writes, by their names in the published schema.

/// `purpose`.
pub const PURPOSE: u64 = 1;
/// `algorithm`.
pub const ALGORITHM: u64 = 2;
/// `keySize`, in bits.
pub const KEY_SIZE: u64 = 3;
/// `digest`.
pub const DIGEST: u64 = 5;
/// `ecCurve`.
pub const EC_CURVE: u64 = 10;
/// `mlDsaVariant`.
pub const ML_DSA_VARIANT: u64 = 11;
/// `rollbackResistance`.
pub const ROLLBACK_RESISTANCE: u64 = 303;
/// `usageExpireDateTime`, in milliseconds since 1970.
pub const USAGE_EXPIRES: u64 = 402;
/// `usageCountLimit`.
pub const USAGE_COUNT_LIMIT: u64 = 405;
/// `noAuthRequired`.
pub const NO_AUTH_REQUIRED: u64 = 503;
/// `userAuthType`, a bit mask.
pub const USER_AUTH_TYPE: u64 = 504;
/// `authTimeout`, in seconds.
pub const AUTH_TIMEOUT: u64 = 505;
/// `allApplications`.
pub const ALL_APPLICATIONS: u64 = 600;
/// `creationDateTime`, in milliseconds since 1970.
pub const CREATED: u64 = 701;
/// `origin`.
pub const ORIGIN: u64 = 702;
/// `rootOfTrust`.
pub const ROOT_OF_TRUST: u64 = 704;
/// `osVersion`, as MMmmss.
pub const OS_VERSION: u64 = 705;
/// `osPatchLevel`, as YYYYMM.
pub const OS_PATCH_LEVEL: u64 = 706;
/// `attestationApplicationId`.
pub const APPLICATION_ID: u64 = 709;
/// `attestationIdBrand`.
pub const ID_BRAND: u64 = 710;
/// `attestationIdSerial`.
pub const ID_SERIAL: u64 = 713;
/// `attestationIdImei`.
pub const ID_IMEI: u64 = 714;
/// `attestationIdModel`.
pub const ID_MODEL: u64 = 717;
/// `vendorPatchLevel`, as YYYYMMDD.
pub const VENDOR_PATCH_LEVEL: u64 = 718;
/// `bootPatchLevel`, as YYYYMMDD.
pub const BOOT_PATCH_LEVEL: u64 = 719;
/// `deviceUniqueAttestation`.
pub const DEVICE_UNIQUE: u64 = 720;
/// `moduleHash`.
pub const MODULE_HASH: u64 = 724;
