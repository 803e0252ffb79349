import FoundationEssentials

/// A line of a machines file that is no machine.
package struct MachineLineError: Error, Hashable, CustomStringConvertible {
    /// Its number, from 1.
    package let line: Int
    /// What is wrong with it.
    package let reason: String

    package var description: String { "line \(line): \(reason)" }
}

extension Machine {
    /// Reads one line: one JSON object; nil for a blank line.
    ///
    /// Unknown fields are ignored, missing ones are absent, a number is as good as a string.
    package static func parse(_ bytes: [UInt8], line: Int) throws(MachineLineError) -> Machine? {
        guard let first = bytes.first(where: { !$0.isJSONSpace }) else { return nil }
        guard first == UInt8(ascii: "{") else {
            throw MachineLineError(line: line, reason: "not a JSON object; each line is one machine: {\"id\": …}")
        }
        do {
            var machine = try JSONDecoder().decode(Wire.self, from: Data(bytes)).machine
            if machine.id.isEmpty { machine.id = "line-\(line)" }
            return machine
        } catch {
            throw MachineLineError(line: line, reason: "invalid JSON: \(jsonReason(error))")
        }
    }

    /// The machine as one line, without the line's end; absent fields are null.
    package func jsonLine() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and arrays of strings always encode.
        return (try? encoder.encode(Wire(self))).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// What the decoder says of a syntax error, in one line.
func jsonReason(_ error: any Error) -> String {
    guard case DecodingError.dataCorrupted(let context) = error else { return "\(error)" }
    guard let cause = context.underlyingError else { return context.debugDescription }
    return "\(context.debugDescription) \(cause)".split(whereSeparator: \.isNewline).joined(separator: " ")
}

extension UInt8 {
    /// White space between JSON tokens, or what a Windows line end leaves behind.
    var isJSONSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0a || self == 0x0d }
}

/// The JSON object of a line; kept apart from `Machine` so that the names of the file stay here.
private struct Wire: Codable {
    enum Key: String, CodingKey {
        case id, hostname, manufacturer, model, uuid, macs, os, parent, relation, bay, name
        case machineClass = "class"
        case serialNumber = "serial_number"
        case boardSerial = "board_serial"
        case chassisSerial = "chassis_serial"
        case assetTag = "asset_tag"
        case hypervisorHint = "hypervisor_hint"
        // Network inventories name a part's place so.
        case index
        case deviceSerial = "device_serial"
        case nearestSerial = "nearest_serial"
        case containedIn = "contained_in"
    }

    let machine: Machine

    init(_ machine: Machine) { self.machine = machine }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        var machine = Machine(id: fields.text(.id) ?? "", machineClass: fields.text(.machineClass))
        machine.hostname = fields.text(.hostname, .name)
        machine.manufacturer = fields.text(.manufacturer)
        machine.model = fields.text(.model)
        machine.serialNumber = fields.text(.serialNumber)
        machine.boardSerial = fields.text(.boardSerial)
        machine.chassisSerial = fields.text(.chassisSerial)
        machine.assetTag = fields.text(.assetTag)
        machine.uuid = fields.text(.uuid)
        machine.macs = fields.texts(.macs)
        machine.os = fields.text(.os)
        machine.hypervisorHint = fields.text(.hypervisorHint)
        if let parent = try? fields.nestedContainer(keyedBy: Key.self, forKey: .parent) {
            machine.parent = Machine.Parent(
                relation: parent.text(.relation), id: parent.text(.id),
                serialNumber: parent.text(.serialNumber, .deviceSerial, .nearestSerial),
                hostname: parent.text(.hostname), uuid: parent.text(.uuid),
                bay: parent.text(.bay) ?? fields.text(.index))
        }
        self.machine = machine
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(machine.id, forKey: .id)
        try fields.encode(machine.machineClass, forKey: .machineClass)
        try fields.encode(machine.hostname, forKey: .hostname)
        try fields.encode(machine.manufacturer, forKey: .manufacturer)
        try fields.encode(machine.model, forKey: .model)
        try fields.encode(machine.serialNumber, forKey: .serialNumber)
        try fields.encode(machine.boardSerial, forKey: .boardSerial)
        try fields.encode(machine.chassisSerial, forKey: .chassisSerial)
        try fields.encode(machine.assetTag, forKey: .assetTag)
        try fields.encode(machine.uuid, forKey: .uuid)
        try fields.encode(machine.macs, forKey: .macs)
        try fields.encode(machine.os, forKey: .os)
        try fields.encode(machine.hypervisorHint, forKey: .hypervisorHint)
        guard let parent = machine.parent else { return try fields.encodeNil(forKey: .parent) }
        var nested = fields.nestedContainer(keyedBy: Key.self, forKey: .parent)
        try nested.encodeIfPresent(parent.relation, forKey: .relation)
        try nested.encodeIfPresent(parent.id, forKey: .id)
        try nested.encodeIfPresent(parent.serialNumber, forKey: .serialNumber)
        try nested.encodeIfPresent(parent.hostname, forKey: .hostname)
        try nested.encodeIfPresent(parent.uuid, forKey: .uuid)
        try nested.encodeIfPresent(parent.bay, forKey: .bay)
    }
}
