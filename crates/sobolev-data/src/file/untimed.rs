//! Objects without the times at which HDF5 otherwise notes that they were made: equal samples make equal files.

use hdf5::Group;
use hdf5::dataset::{DatasetBuilder, DatasetCreate};
use hdf5_metno as hdf5;
use hdf5_metno_sys::LOCK;
use hdf5_metno_sys::h5p::H5Pset_obj_track_times;

/// A new file of the version of 2008, the first whose structure carries checksums, which every program reads. Its first
/// `user_block` bytes are left to others.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn create_untimed(path: &std::path::Path, user_block: u64) -> Result<hdf5::File, hdf5::Error> {
    hdf5::File::with_options()
        .with_fapl(|access| access.libver_v18().file_locking(super::LOCKED_BY_HDF5))
        .with_fcpl(|root| root.obj_track_times(false).userblock(user_block))
        .create(path)
}

/// A new group in `group` that notes no times.
///
/// # Errors
/// When it cannot be made.
pub(super) fn new_group(group: &Group, name: &str) -> Result<Group, hdf5::Error> {
    group.create_group_builder().with_gcpl(|properties| properties.obj_track_times(false)).create(name)
}

/// A builder of a data set in `group` that notes no times.
///
/// # Errors
/// When HDF5 has no memory left for its properties.
pub(crate) fn new_dataset(group: &Group) -> Result<DatasetBuilder, hdf5::Error> {
    let properties = DatasetCreate::try_new()?;
    let result = {
        let _guard = LOCK.lock();
        // SAFETY: the identifier belongs to a property list that lives to the end of this function, and the lock is held
        // that all calls of the library take.
        unsafe { H5Pset_obj_track_times(properties.id(), 0) }
    };
    if result < 0 {
        return Err(hdf5::Error::from("cannot turn the times of a data set off"));
    }
    Ok(group.new_dataset_builder().set_create_plist(&properties))
}
