import FoundationEssentials
import SampleFleet

/// The folder of real machines that may stand beside the repository; never part of it.
enum RealData {
    /// The lines of a file, or `nil`, said plainly, where it is not there.
    static func lines(_ name: String, file: String = #filePath) -> [[UInt8]]? {
        var folder = file[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            if let data = FileManager.default.contents(atPath: folder + "/../shared/data/" + name) {
                return data.split(separator: UInt8(ascii: "\n")).map(Array.init)
            }
        }
        print("skipped: ../shared/data/\(name) is not there")
        return nil
    }

    /// Machines of a file, in its order.
    static func machines(_ lines: [[UInt8]]) throws -> [Machine] {
        try lines.enumerated().compactMap { try Machine.parse($1, line: $0 + 1) }
    }
}

/// Where a device or a part of one stands, as a line of the network file has it.
struct NetworkPlace: Decodable {
    struct Parent: Decodable {
        var contained_in: String?
        var nearest_serial: String?
        var device_serial: String?
    }

    var device_key: String
    var record: String
    var index: String?
    var serial_number: String?
    var parent: Parent?

    static func read(_ lines: [[UInt8]]) throws -> [NetworkPlace] {
        try lines.map { try JSONDecoder().decode(NetworkPlace.self, from: Data($0)) }
    }

    /// The line that each line hangs on: the part that contains it, else the one part of its device that has the serial
    /// number named, else the device.
    static func parents(_ places: [NetworkPlace]) -> [Int: Int] {
        let devices = Dictionary(grouping: places.indices) { places[$0].device_key }
        var result: [Int: Int] = [:]
        for (line, place) in places.enumerated() where place.record == "component" {
            let siblings = (devices[place.device_key] ?? []).filter { $0 != line }
            let serial = place.parent?.device_serial ?? place.parent?.nearest_serial
            let container = siblings.filter {
                places[$0].index != nil && places[$0].index == place.parent?.contained_in
            }
            let named = siblings.filter { serial != nil && places[$0].serial_number == serial }
            let device = siblings.filter { places[$0].record == "device" }
            result[line] = [container, named, device].first { $0.count == 1 }?[0]
        }
        return result
    }
}
