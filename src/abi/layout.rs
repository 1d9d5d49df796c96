//! The layout is the contract: sizes and offsets on 64-bit systems, and no padding on any.

use std::mem::offset_of;

use super::types::{tps_callbacks, tps_chat_change, tps_dnd_change, tps_event, tps_presence, tps_state, tps_user};

const POINTER: usize = size_of::<usize>();

// The sum of the fields is the size: no padding.
const _: () = {
    assert!(size_of::<tps_user>() == 5 * POINTER + 4 * 4);
    assert!(size_of::<tps_presence>() == 6 * POINTER + 4 * 4 + 8);
    assert!(size_of::<tps_dnd_change>() == 4 * POINTER + 2 * 8 + 4 * 4);
    assert!(size_of::<tps_chat_change>() == 4 * POINTER + 2 * 8 + 4 * 4);
    assert!(size_of::<tps_event>() == 6 * POINTER + 8 + 2 * 4);
    assert!(size_of::<tps_state>() == POINTER + 14 * 4 + 2 * 8 + 40);
    assert!(size_of::<tps_callbacks>() == 11 * POINTER + 2 * 4);
};

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(offset_of!(tps_user, host_dnd) == 40 && offset_of!(tps_user, reserved) == 44);
    assert!(offset_of!(tps_user, host_queue_dnd) == 48);
    assert!(offset_of!(tps_presence, availability) == 48 && offset_of!(tps_presence, observed_at_ms) == 64);
    assert!(offset_of!(tps_dnd_change, change_id) == 8 && offset_of!(tps_dnd_change, decided_at_ms) == 40);
    assert!(offset_of!(tps_dnd_change, dnd) == 48 && offset_of!(tps_dnd_change, attempt) == 56);
    assert!(offset_of!(tps_chat_change, chat_state) == 48 && offset_of!(tps_chat_change, reserved) == 60);
    assert!(offset_of!(tps_event, json_len) == 40 && offset_of!(tps_event, at_ms) == 48 && offset_of!(tps_event, code) == 56);
    assert!(offset_of!(tps_state, matched) == 8 && offset_of!(tps_state, observed_at_ms) == 48);
    assert!(offset_of!(tps_state, entra_object_id) == 64 && offset_of!(tps_state, queue_desired) == 104);
    assert!(offset_of!(tps_callbacks, abi_version) == 8 && offset_of!(tps_callbacks, user_data) == 16);
    assert!(offset_of!(tps_callbacks, on_dnd) == 24 && offset_of!(tps_callbacks, on_released) == 80);
    assert!(offset_of!(tps_callbacks, on_queue_dnd) == 88);
};
