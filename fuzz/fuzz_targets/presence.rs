#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    tps_fuzz::presence::run(data);
});
