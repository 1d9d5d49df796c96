//! Writes what each fuzzer begins with: `seeds DIRECTORY`.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let directory = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "corpus".into()));
    for (target, _) in tps_fuzz::ALL {
        let directory = directory.join(target);
        std::fs::create_dir_all(&directory)?;
        for (number, seed) in tps_fuzz::seeds::of(target).into_iter().enumerate() {
            std::fs::write(directory.join(format!("seed-{number:02}")), seed)?;
        }
    }
    Ok(())
}
