//! The page's files are part of the binary: a new one among them makes it another binary.

fn main() {
    println!("cargo::rerun-if-changed=static");
}
