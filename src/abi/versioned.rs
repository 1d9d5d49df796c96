//! Structs whose size tells their version (guarantee 7).

use std::mem::MaybeUninit;

use super::fault::Fault;
use super::types::{tps_callbacks, tps_state, tps_user};

/// The largest `struct_size` that is believed.
const LARGEST: usize = 4_096;

/// A struct that begins with its `struct_size`.
///
/// # Safety
/// The type is `repr(C)` without padding, its first field is `struct_size: usize`, and any bytes are a valid value of it.
pub(super) unsafe trait Versioned: Copy {
    /// The size of the first version; never changes.
    const FIRST: usize;
}

// SAFETY: integers, pointers and arrays of them; `layout.rs` checks that there is no padding.
unsafe impl Versioned for tps_user {
    const FIRST: usize = 4 * size_of::<usize>() + size_of::<usize>() + 8;
}
// SAFETY: as above; the callbacks are nullable function pointers.
unsafe impl Versioned for tps_callbacks {
    const FIRST: usize = 10 * size_of::<usize>() + 8;
}
// SAFETY: as above.
unsafe impl Versioned for tps_state {
    const FIRST: usize = size_of::<usize>() + 10 * 4 + 2 * 8 + 40;
}

/// Reads the `struct_size` at `at` and checks it.
///
/// # Safety
/// `at` is NULL or points to a struct of which at least the first field may be read.
pub(super) unsafe fn size_at<T: Versioned>(at: *const T, what: &impl Fn() -> String) -> Result<usize, Fault> {
    if at.is_null() {
        return Err(Fault::null(&what()));
    }
    // SAFETY: promised by the caller; the pointer need not be aligned.
    let size = unsafe { at.cast::<usize>().read_unaligned() };
    let problem = if size < T::FIRST {
        format!("{size} is less than the {} of the first version", T::FIRST)
    } else if size % align_of::<T>() != 0 {
        format!("{size} is not a multiple of {}", align_of::<T>())
    } else if size > LARGEST {
        format!("{size} is more than {LARGEST}")
    } else {
        return Ok(size);
    };
    Err(Fault::abi(&format!("{}.struct_size", what()), problem))
}

/// Reads a struct of `size` bytes: what is missing is zero, what is unknown must be.
///
/// # Safety
/// `size` bytes may be read at `at`.
pub(super) unsafe fn read<T: Versioned>(at: *const T, size: usize, what: &impl Fn() -> String) -> Result<T, Fault> {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: `size` bytes may be read, and no more than the value holds are copied. Any bytes are a valid value.
    let value = unsafe {
        std::ptr::copy_nonoverlapping(at.cast::<u8>(), value.as_mut_ptr().cast::<u8>(), size.min(size_of::<T>()));
        value.assume_init()
    };
    if size > size_of::<T>() {
        // SAFETY: the rest of the `size` bytes.
        let tail = unsafe { std::slice::from_raw_parts(at.cast::<u8>().add(size_of::<T>()), size - size_of::<T>()) };
        if let Some(offset) = tail.iter().position(|byte| *byte != 0) {
            let offset = size_of::<T>() + offset;
            return Err(Fault::abi(
                &what(),
                format!("something is set at byte {offset}, which this version of the library does not know"),
            ));
        }
    }
    Ok(value)
}

/// Reads one struct.
///
/// # Safety
/// `at` is NULL or points to a struct of the size it tells.
pub(super) unsafe fn read_one<T: Versioned>(at: *const T, what: impl Fn() -> String) -> Result<T, Fault> {
    // SAFETY: passed on.
    unsafe {
        let size = size_at(at, &what)?;
        read(at, size, &what)
    }
}

/// Zeroes the caller's struct behind its `struct_size` and fills as much of `value` as it holds.
///
/// # Safety
/// `at` points to a struct of `size` bytes that may be written; `size` was checked by [`size_at`].
pub(super) unsafe fn fill<T: Versioned>(at: *mut T, size: usize, value: &T) {
    let head = size_of::<usize>();
    let bytes = at.cast::<u8>();
    // SAFETY: `size` bytes may be written, of which `size_of::<T>()` at most come from the value; the first field stays.
    unsafe {
        std::ptr::write_bytes(bytes.add(head), 0, size - head);
        let known = size.min(size_of::<T>());
        std::ptr::copy_nonoverlapping(std::ptr::from_ref(value).cast::<u8>().add(head), bytes.add(head), known - head);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::status::{TPS_E_ABI, TPS_E_INVALID_ARG};

    /// As many bytes as a later version might have.
    #[repr(C, align(8))]
    struct Room([u8; 8_192]);

    fn room(size: usize, fill: u8) -> Room {
        let mut room = Room([fill; 8_192]);
        room.0[..8].copy_from_slice(&size.to_ne_bytes());
        room
    }

    fn status<R>(result: Result<R, Fault>) -> Result<R, i32> {
        result.map_err(|fault| fault.status)
    }

    #[test]
    fn sizes() {
        let read = |size: usize, bytes: u8| {
            let room = room(size, bytes);
            // SAFETY: the room has more bytes than any size that is believed.
            status(unsafe { read_one(room.0.as_ptr().cast::<tps_user>(), || "user".to_owned()) }.map(|user| user.host_dnd))
        };
        assert_eq!(read(size_of::<tps_user>(), 0), Ok(0));
        assert_eq!(read(size_of::<tps_user>(), 1), Ok(0x0101_0101));
        assert_eq!(read(4_096, 0), Ok(0));
        for size in [0, 1, tps_user::FIRST - 8, tps_user::FIRST - 1, tps_user::FIRST + 1, tps_user::FIRST + 4, 4_104, usize::MAX]
        {
            assert_eq!(read(size, 0), Err(TPS_E_ABI), "{size}");
        }
        assert_eq!(read(size_of::<tps_user>() + 8, 1), Err(TPS_E_ABI), "an unknown tail that is set");
        // SAFETY: NULL is allowed.
        assert_eq!(
            status(unsafe { read_one(std::ptr::null::<tps_user>(), || "user".to_owned()) }.map(|_| ())),
            Err(TPS_E_INVALID_ARG)
        );
    }

    #[test]
    fn what_came_after_the_first_version() {
        assert_eq!(tps_user::FIRST, std::mem::offset_of!(tps_user, host_queue_dnd));
        assert_eq!(tps_callbacks::FIRST, std::mem::offset_of!(tps_callbacks, on_queue_dnd));
        assert_eq!(tps_state::FIRST, std::mem::offset_of!(tps_state, queue_desired));
    }

    #[test]
    fn filling_zeroes_first_and_stops_at_the_size() {
        let mut room = room(200, 0xff);
        // SAFETY: any bytes are a valid value.
        let mut value: tps_state = unsafe { MaybeUninit::zeroed().assume_init() };
        value.matched = 1;
        // SAFETY: the room is larger than 200 bytes.
        unsafe { fill(room.0.as_mut_ptr().cast(), 200, &value) };
        assert_eq!(room.0[..8], 200usize.to_ne_bytes());
        assert_eq!(room.0[8..12], 1i32.to_ne_bytes());
        assert!(room.0[12..200].iter().all(|byte| *byte == 0) && room.0[200..].iter().all(|byte| *byte == 0xff));
    }
}
