//! What the allocator says, and gives back. Both are glibc's; others do not tell, and give back by themselves or not
//! at all.
//!
//! ```text
//! ▓▓▓▓░░▓▓░▓▓▓▓▓▓░░░░░░░▓▓░░░░░░░░      ▓ in use: somebody holds it     ░ free: kept for who comes next
//! └ a page ─┘└ a page ─┘└ a page ─┘     a page that holds a single piece in use is not given back
//! ```
//!
//! Hence pages say little of a leak: after a crowd they stay, for the few pieces between them.

/// Bytes that are in use, of all threads. What a thread has freed and keeps at hand counts too: seven pieces of each
/// small size at most.
///
/// `None` where the allocator does not tell: another than glibc's, or older than its version 2.33.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "glibc's mallinfo2 has no safe wrapper")]
pub(super) fn in_use_bytes() -> Option<u64> {
    // Looked up rather than linked, for an older glibc has none.
    // SAFETY: the name is a C string, and nothing is written.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"mallinfo2".as_ptr()) };
    if found.is_null() {
        return None;
    }
    // SAFETY: what has this name in glibc takes nothing and gives this struct (malloc.h). It may be called at any time
    // from any thread (MT-safe but for the options of its initialisation, says mallinfo(3), which nobody changes here).
    let told =
        unsafe { std::mem::transmute::<*mut libc::c_void, extern "C" fn() -> libc::mallinfo2>(found)() };
    // In pieces of its arenas, and in maps of their own.
    Some((told.uordblks + told.hblkhd) as u64)
}

/// Gives what is free back to the system, as far as it fills pages.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn give_back() {
    // SAFETY: it takes a number and no pointer, may be called at any time from any thread (MT-safe, says its
    // manual page), and touches only memory that nobody has allocated.
    #[allow(unsafe_code, reason = "glibc's malloc_trim has no safe wrapper")]
    let released = unsafe { libc::malloc_trim(0) };
    tracing::debug!(released, "a crowd has left: asked the allocator to give its memory back");
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn in_use_bytes() -> Option<u64> {
    None
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn give_back() {}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::in_use_bytes;

    #[test]
    fn what_is_held_is_in_use_and_what_was_let_go_is_not() {
        // More than other tests take meanwhile: a map of its own, and a thousand pieces of an arena.
        let before = in_use_bytes().expect("glibc tells, since 2.33");
        let piece = |_| Vec::<u8>::with_capacity(64 << 10);
        let held = (Vec::<u8>::with_capacity(200 << 20), (0..1_000).map(piece).collect::<Vec<_>>());
        let with = in_use_bytes().unwrap();
        assert!(with > before + (200 << 20) + (50 << 20), "{before} bytes, then {with}");
        drop(held);
        let after = in_use_bytes().unwrap();
        assert!(after < with - (200 << 20) - (50 << 20), "{with} bytes, then {after}");
    }
}
