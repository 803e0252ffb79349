/// The numbers of messages that somebody may look for, by their texts: `MESSAGE_ID` in the journal, explained in
/// `systemd/assetlinkd.catalog`.
///
/// A number never changes; a message of another meaning gets another one.
package enum MessageCatalogue {
    /// The number of a message; `nil` for one of no kind of its own.
    package static func id(of message: String) -> String? { ids[message] }

    /// Texts and numbers.
    package static let ids = [
        "ready":
            "82f1d4dcc36d531baeac1b4545ecbbad",
        "leading":
            "7dd080244fdd5d27b0783bcd6cf5a009",
        "another daemon leads; standing by":
            "0bc22d14c6285bcbb382a85c4cf77902",
        "the lease was lost; standing by":
            "d06bb53773dc58dcb74a519a82ff9d04",
        "audit head":
            "63109e2cbc8b4497a584f34850392179",
        "lease released":
            "9873f56bd135596187747e9c5dd73679",
        "stopped":
            "275574d96fc75276b658eb5f9db4cdff",
        "a second signal: ending at once":
            "029c8eb645d45780bf17c888e001ad1f",
        "working with the database failed; trying again":
            "dee666ca756d501189620590cf207a05",
        "the way of learning of changes is another one now":
            "e415d7e358b9551584dffe4ec318edb4",
        "the cluster is on another timeline: it failed over, or was recovered":
            "8119684afac45d68a6d24c08a410aaca",
        "breaker: the source would end too many links and is held":
            "0b6232f2b5485da5854690671b0a1ce8",
        "breaker: the rules in force would end too many links and are held":
            "0085c53a36e1504e85c02146dfe7e6f7",
        "the query of a source cannot be run; its keys wait":
            "98ab8cfca3915593a16cdbe53151a86f",
        "the query of a source runs again; it is read whole":
            "622fc72be0495a83b40f73e7609067a5",
        "the sweep found records that no event had told of":
            "0dc1d3ebb41b53c18d3d172eb5e5c396",
        "raw notifications were dropped; resync their sources":
            "f97691be4a0e552e974439d75ecc361b",
    ]
}
