/// Who is told how the daemon gets on.
struct Observer: Sendable {
    let vitals: Vitals
    let meters: ServiceMeters
}
