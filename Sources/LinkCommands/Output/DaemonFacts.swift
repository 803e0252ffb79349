import Postgres

/// The row of `assetlink.daemon_status`, what is wrong in it, and how it reads.
struct DaemonFacts {
    /// Something that a person should look at.
    struct Problem {
        let text: String
        let remedy: String
    }

    let leader, version, lastChange, mode, modeReason: String?
    /// Of another cluster: no daemon works here before a rebase.
    let isCopy: Bool
    /// The server is a standby.
    let isStandby: Bool
    /// Daemons that stand by, and daemons that wait for the server to be promoted.
    let standingBy, waiting: Int64
    let backlog, openRanges, deadLetters: Int64
    let oldest, lag: Int64?
    /// Where a change of rules has got to: its phase, and records done of how many.
    let activation: String?
    let activationDone, activationTotal: Int64?
    /// What ended the leader's session before this one, and since when it leads again.
    let resumedAfter, leadingSince: String?
    /// A pooler stands between this program and the server.
    let isPooled: Bool
    let held, broken: [String]
    let json: String

    static let sql = """
        SELECT to_json(d)::text, leader, version, backlog, (extract(epoch FROM oldest_unprocessed_age) * 1000)::bigint,
            \(Expression.second("last_applied_at")), (extract(epoch FROM last_applied_lag) * 1000)::bigint,
            open_ranges::bigint, held_sources, broken_sources, dead_letters, mode, mode_reason, is_copy,
            pg_is_in_recovery(), a.working - CASE WHEN leader IS NULL THEN 0 ELSE least(a.working, 1) END, a.waiting,
            activation_phase, activation_done, activation_total, d.details ->> 'resumed_after',
            \(Expression.second("(d.details ->> 'leading_since')::timestamptz")), pg_backend_pid()
        FROM assetlink.daemon_status d
        CROSS JOIN (
            SELECT count(*) FILTER (WHERE application_name = 'assetlinkd work') AS working,
                count(*) FILTER (WHERE application_name = 'assetlinkd waiting') AS waiting
            FROM pg_stat_activity WHERE datname = current_database()) a
        """

    /// - Parameter backendPID: the server process as the connection was given it.
    init(_ row: Row, backendPID: Int32) throws {
        json = try row.text(0)
        leader = try row.textOrNil(1)
        version = try row.textOrNil(2)
        backlog = try row.int8(3)
        oldest = try row.int8OrNil(4)
        lastChange = try row.textOrNil(5)
        lag = try row.int8OrNil(6)
        openRanges = try row.int8(7)
        held = try row.textArrayOrNil(8)?.compactMap(\.self) ?? []
        broken = try row.textArrayOrNil(9)?.compactMap(\.self) ?? []
        deadLetters = try row.int8(10)
        mode = try row.textOrNil(11)
        modeReason = try row.textOrNil(12)
        isCopy = try row.bool(13)
        isStandby = try row.bool(14)
        standingBy = try row.int8(15)
        waiting = try row.int8(16)
        activation = try row.textOrNil(17)
        activationDone = try row.int8OrNil(18)
        activationTotal = try row.int8OrNil(19)
        resumedAfter = try row.textOrNil(20)
        leadingSince = try row.textOrNil(21)
        // A pooler makes numbers of its own up.
        isPooled = try row.int4(22) != backendPID
    }

    var problems: [Problem] {
        var problems: [Problem] = []
        if isCopy {
            problems.append(
                Problem(
                    text: "The database was restored from a dump, or copied: its cursor is another cluster's.",
                    remedy: "assetlinkctl rebase, then start a daemon"))
        } else if leader == nil, isStandby {
            problems.append(
                Problem(
                    text: "No daemon is at work: the server is a standby.",
                    remedy: "look at the primary, or promote this one"))
        } else if leader == nil {
            problems.append(Problem(text: "No daemon is at work.", remedy: "start one: systemctl start assetlinkd"))
        }
        for source in held {
            problems.append(
                Problem(
                    text: "Source \(source) is held, as its changes would end many links.",
                    remedy: "assetlinkctl held, then held approve \(source) or held drop \(source)"))
        }
        if activation == "held" {
            problems.append(
                Problem(
                    text: "The rules in force are held, as they would end many links.",
                    remedy: "assetlinkctl held, then held approve --rules or held drop --rules"))
        }
        for source in broken {
            problems.append(
                Problem(text: "Source \(source) is broken.", remedy: "assetlinkctl sources check \(source)"))
        }
        if deadLetters > 0 {
            problems.append(
                Problem(
                    text: "\(counted(deadLetters, "rejected event")).",
                    remedy: "assetlinkctl dead-letters"))
        }
        return problems
    }

    var lines: [(String, String)] {
        let waiting = words(milliseconds: oldest).map { ", the oldest for \($0)" } ?? ""
        let last = lastChange.map {
            "last change applied \($0)" + (words(milliseconds: lag).map { ", \($0) after it was made" } ?? "")
        }
        return [
            ("Daemon", (leader ?? "none at work").harmless + (version.map { ", version \($0)" } ?? "").harmless)
        ] + stateLines + [
            ("Backlog", "\(counted(backlog, "change"))\(waiting); \(last ?? "no change applied yet")"),
            ("Ranges", openRanges == 0 ? "none open" : "\(grouped(openRanges)) open: a bulk read is under way"),
        ] + rulesLine + [
            ("Held", held.isEmpty ? "no source" : held.joined(separator: ", ").harmless),
            ("Broken", broken.isEmpty ? "no source" : broken.joined(separator: ", ").harmless),
            ("Rejected", counted(deadLetters, "event")),
        ]
    }

    /// A version of the rules that comes into force.
    private var rulesLine: [(String, String)] {
        guard let activation else { return [] }
        let meanings = [
            "waiting": "a new version waits for the daemon", "keys": "keys are made by a new version; changes wait",
            "decisions": "CIs are decided by a new version", "held": "held on the way to a new version",
        ]
        let far = activationDone.flatMap { done in
            activationTotal.map { ", \(grouped(done)) of \(grouped(max(done, $0))) done" }
        }
        return [("Rules", (meanings[activation] ?? activation) + (far ?? ""))]
    }

    /// What is not as usual about the daemons, and how the leader learns of changes.
    private var stateLines: [(String, String)] {
        var lines: [(String, String)] = []
        if let mode {
            let why: [String: String] = [
                "asked": ", as asked", "no-notifications": ", as notifications do not arrive",
                "two-phase": ", as prepared transactions write to attached tables",
                "notify-queue": ", as PostgreSQL's notification queue fills up",
            ]
            lines.append(("Wake-up", (mode + (modeReason.map { why[$0] ?? ", \($0)" } ?? "")).harmless))
        }
        if leader != nil, let resumedAfter {
            let what = [
                "failover": "a failover: the server is on another timeline", "restart": "a restart of the server",
                "promotion": "the promotion of the server",
                "connection": "the loss of its connection",
            ]
            let since = leadingSince.map { ", leading since \($0)" } ?? ""
            lines.append(("Resumed", "after \(what[resumedAfter] ?? resumedAfter)\(since)".harmless))
        }
        if isPooled {
            lines.append(
                ("Connection", "through a pooler: a daemon that connects this way needs a pool of whole sessions"))
        }
        if standingBy > 0 { lines.append(("Standing by", counted(standingBy, "daemon"))) }
        if isStandby || waiting > 0 {
            lines.append(
                ("Server", "\(isStandby ? "a standby" : "read-only"); \(counted(waiting, "daemon")) waiting for it"))
        }
        return lines
    }
}
