/// Reads what a server says and can leave its notifications out, wherever the pieces are cut.
struct ServerMessages {
    /// The head of a message that has come so far: its type and its length.
    private var head: [UInt8] = []
    /// Bytes of the present message still to come.
    private var rest = 0
    private var isDropped = false

    /// Takes the next piece; returns what goes on to the client.
    mutating func take(_ piece: [UInt8], droppingNotifications: Bool) -> [UInt8] {
        var passed: [UInt8] = []
        var place = piece[...]
        while !place.isEmpty {
            if rest == 0 {
                let wanted = place.prefix(5 - head.count)
                head += wanted
                place = place.dropFirst(wanted.count)
                guard head.count == 5 else { break }
                rest = head[1...].reduce(0) { $0 << 8 | Int($1) } - 4
                isDropped = droppingNotifications && head[0] == UInt8(ascii: "A")
                if !isDropped { passed += head }
                head = []
            }
            let body = place.prefix(rest)
            if !isDropped { passed += body }
            rest -= body.count
            place = place.dropFirst(body.count)
        }
        return passed
    }
}
