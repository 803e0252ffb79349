import Postgres

/// The row of `assetlink.daemon_status`, what is wrong in it, and how it reads.
struct DaemonFacts {
    /// Something that a person should look at.
    struct Problem {
        let text: String
        let remedy: String
    }

    let leader, version, lastChange: String?
    let backlog, openRanges, deadLetters: Int64
    let oldest, lag: Int64?
    let held, broken: [String]
    let json: String

    static let sql = """
        SELECT to_json(d)::text, leader, version, backlog, (extract(epoch FROM oldest_unprocessed_age) * 1000)::bigint,
            \(Expression.second("last_applied_at")), (extract(epoch FROM last_applied_lag) * 1000)::bigint,
            open_ranges::bigint, held_sources, broken_sources, dead_letters
        FROM assetlink.daemon_status d
        """

    init(_ row: Row) throws {
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
    }

    var problems: [Problem] {
        var problems: [Problem] = []
        if leader == nil {
            problems.append(Problem(text: "No daemon is at work.", remedy: "start one: systemctl start assetlinkd"))
        }
        for source in held {
            problems.append(
                Problem(
                    text: "Source \(source) is held, as its changes would end many links.",
                    remedy: "assetlinkctl held, then held approve \(source) or held drop \(source)"))
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
            ("Daemon", (leader ?? "none at work").harmless + (version.map { ", version \($0)" } ?? "").harmless),
            ("Backlog", "\(counted(backlog, "change"))\(waiting); \(last ?? "no change applied yet")"),
            ("Ranges", openRanges == 0 ? "none open" : "\(grouped(openRanges)) open: a bulk read is under way"),
            ("Held", held.isEmpty ? "no source" : held.joined(separator: ", ").harmless),
            ("Broken", broken.isEmpty ? "no source" : broken.joined(separator: ", ").harmless),
            ("Rejected", counted(deadLetters, "event")),
        ]
    }
}
