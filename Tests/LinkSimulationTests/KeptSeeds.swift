/// Runs that once found something: always run first.
///
/// Add what a failing run prints.
let keptSeeds: [(plan: String, seed: UInt64, steps: Int)] = [
    ("bell", 1, 5_000),
    ("succession", 1, 5_000),
    ("storm", 1, 5_000),
    ("loss", 1, 5_000),
    ("two-phase", 1, 5_000),
    // Two restarts that overlapped once made a standby of a server that had been promoted.
    ("storm", 158_274_271, 20_000),
]
