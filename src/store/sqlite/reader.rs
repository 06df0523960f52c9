//! A store that is only read, beside whoever has claimed it.

use std::path::Path;

use super::readers::Readers;
use super::{file, records, status_list};
use crate::ids::InstanceId;
use crate::store::{Answer, KeptClaims, KeptStatusList, NumberedAppraisal, OpenFault, Records, StoreFault};

/// Reads a store that another process may have open: each page as it was committed last. It claims and changes nothing, and refuses
/// a schema that is not this version's.
pub struct StoreReader {
    readers: Readers,
}

impl StoreReader {
    /// Opens a file that has to be there.
    pub fn open(path: &Path) -> Result<Self, OpenFault> {
        Ok(Self { readers: Readers::new(vec![file::unclaimed_reader(path)?]) })
    }

    /// The kept status list with its whole body.
    pub async fn status_list(&self) -> Result<Option<KeptStatusList>, StoreFault> {
        self.readers.read(status_list::status_list).await
    }
}

impl Records for StoreReader {
    fn claims_after(&self, after: Option<InstanceId>, limit: u32) -> Answer<'_, Vec<KeptClaims>> {
        Box::pin(self.readers.read(move |connection| records::claims_after(connection, after, limit)))
    }

    fn appraisals_before(&self, before: Option<i64>, limit: u32) -> Answer<'_, Vec<NumberedAppraisal>> {
        Box::pin(self.readers.read(move |connection| records::appraisals_before(connection, before, limit)))
    }
}
