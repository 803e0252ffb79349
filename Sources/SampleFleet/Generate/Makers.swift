/// A maker that does not exist, with habits that do.
struct Maker: Sendable {
    /// How its UUIDs are made.
    enum UUIDStyle: Sendable {
        case random
        /// The bytes of the serial number stand in the UUID.
        case carriesSerial
    }

    let name: String
    /// How else discovery spells it.
    let spellings: [String]
    let models: [String]
    /// A pattern for `SplitMix64.fill`.
    let serial: String
    let boardSerial: String
    /// The first three octets of its network adapters.
    let oui: String
    let uuid: UUIDStyle

    init(
        _ name: String, _ spellings: [String], models: [String], serial: String, board: String = "", oui: String,
        uuid: UUIDStyle = .random
    ) {
        self.name = name
        self.spellings = spellings
        self.models = models
        self.serial = serial
        boardSerial = board
        self.oui = oui
        self.uuid = uuid
    }
}

/// The makers of the sample fleet, by what they make.
enum Makers {
    static let laptops = [
        Maker(
            "Kestrel", ["Kestrel Inc.", "Kestrel Computer Corporation", "KESTREL"],
            models: ["Perch 7420", "Perch 5430", "Glide 13"], serial: "*####*#", board: "/.*####*#/KB###########/",
            oui: "d4:7b:3e", uuid: .carriesSerial),
        Maker(
            "Norrland", ["NORRLAND", "Norrland AB"], models: ["N14 Gen 3", "N1 Carbon Gen 9"], serial: "PN-####*@",
            board: "L1NR###@###", oui: "e8:2a:51"),
        Maker("Hollis & Dane", ["Hollis-Dane", "HD"], models: ["ProNote 850"], serial: "HDC#####@@", oui: "ec:b1:8f"),
    ]
    static let desktops = [
        Maker(
            "Kestrel", ["Kestrel Inc.", "KESTREL"], models: ["Roost 7090", "Roost 3080 Micro"], serial: "*####*#",
            board: "/.*####*#/KB###########/", oui: "d4:7b:3e", uuid: .carriesSerial),
        Maker(
            "Hollis & Dane", ["Hollis-Dane", "HD"], models: ["ProDesk 600"], serial: "HDC#####@@",
            board: "PHD@@##@@@####", oui: "ec:b1:8f"),
        Maker(
            "Whitebox Works", ["System manufacturer"], models: ["System Product Name", "WB-H410"],
            serial: "WB########", board: "M80-###########", oui: "a0:c5:62"),
    ]
    static let servers = [
        Maker(
            "Kestrel", ["Kestrel Inc.", "Kestrel Computer Corporation"], models: ["Tower R640", "Tower R750"],
            serial: "*####*#", board: "KN###########@##", oui: "d4:7b:3e", uuid: .carriesSerial),
        Maker(
            "Hollis & Dane", ["HDE", "Hollis-Dane Enterprise"], models: ["Forge DL380", "Forge DL360"],
            serial: "CZ@#####@@", board: "PV@@##@@@####", oui: "ec:b1:8f", uuid: .carriesSerial),
        Maker(
            "Ironmoor", ["Ironmoor Micro", "IRONMOOR"], models: ["SSG-6029", "SYS-1029U"],
            serial: "A######X#######", board: "VM###S######", oui: "ac:9f:46"),
        Maker("Bullfinch", ["Bullfinch SAS"], models: ["Aviary 2"], serial: "XAN-@#-#####", oui: "08:f1:9a"),
    ]
    static let blades = [
        Maker(
            "Kestrel", ["Kestrel Inc."], models: ["Nest M640", "Nest M630"], serial: "*####*#",
            board: "..KN###########*##.", oui: "d4:7b:3e", uuid: .carriesSerial),
        Maker("Ironmoor", ["IRONMOOR"], models: ["SBI-4129"], serial: "B######X#######", oui: "ac:9f:46"),
    ]
    static let switches = [
        Maker(
            "Corvid Networks", ["corvid", "Corvid Networks, Inc."], models: ["CX-2960-48", "CX-3850-24"],
            serial: "FC@####@#@@", oui: "70:3d:15"),
        Maker("Ostrava Net", ["ostravanet"], models: ["OS-4300", "OS-3400"], serial: "PE##########", oui: "f4:b5:2c"),
    ]
    static let printers = [
        Maker(
            "Vantaa Print", ["VANTAA"], models: ["LaserLine M521", "LaserLine C810"], serial: "VNC@@#####",
            oui: "30:cd:a7")
    ]
    static let monitors = [
        Maker(
            "Meridian", ["MRD"], models: ["M2719H", "M3421WE"], serial: "MR-0@@###-#####-###-####@", oui: "00:00:00"),
        Maker("Hollis & Dane", ["HD"], models: ["E243i"], serial: "CNK########", oui: "00:00:00"),
    ]
    static let power = [
        Maker("Sundgau Power", ["sundgau"], models: ["SMT 3000"], serial: "AS##########", oui: "28:29:86")
    ]
}
