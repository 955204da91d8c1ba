// One execution as people read it, and as a timeline: plain values that any renderer can take.

/// One execution, a row for each step, a column for each pCPU.
public struct Story: Sendable, Equatable {
  /// The heads of the columns.
  public var columns: [String]
  /// Steps and headings, in the order in which they happened.
  public var rows: [Row]
  /// What the oracle says of it.
  public var sentence: String

  /// A row: one thing in one column.
  public struct Row: Sendable, Equatable {
    /// The number of the step, from 1; nil for a heading.
    public var step: Int?
    /// Whether it is one of the two steps whose order decides.
    public var isCritical: Bool
    /// Whose column.
    public var column: Int
    /// What happens.
    public var text: String

    /// A row of these parts.
    public init(step: Int?, isCritical: Bool = false, column: Int, text: String) {
      self.step = step
      self.isCritical = isCritical
      self.column = column
      self.text = text
    }
  }

  /// A story of these parts.
  public init(columns: [String], rows: [Row], sentence: String) {
    self.columns = columns
    self.rows = rows
    self.sentence = sentence
  }
}

/// One execution as a timeline: tracks, steps on them, and who read from whom.
public struct Timeline: Sendable, Equatable {
  /// The names of the tracks: pCPUs, then the hardware beside them.
  public var tracks: [String]
  /// The steps; a step's place is its time.
  public var steps: [Step]
  /// From a write to a read that saw it, by place in `steps`.
  public var flows: [Flow]

  /// A step.
  public struct Step: Sendable, Equatable {
    /// Where it is drawn: a place in `tracks`.
    public var track: Int
    /// What is written on it.
    public var name: String
    /// What it was done to.
    public var object: String
    /// What was read or written.
    public var value: String
    /// Its ordering.
    public var order: String
    /// Where in the source.
    public var site: String

    /// A step of these parts.
    public init(
      track: Int, name: String, object: String, value: String, order: String, site: String
    ) {
      self.track = track
      self.name = name
      self.object = object
      self.value = value
      self.order = order
      self.site = site
    }
  }

  /// A read and the write that it saw.
  public struct Flow: Sendable, Equatable {
    /// The write's place.
    public var from: Int
    /// The read's place.
    public var to: Int

    /// From one to the other.
    public init(from: Int, to: Int) {
      self.from = from
      self.to = to
    }
  }

  /// A timeline of these parts.
  public init(tracks: [String], steps: [Step], flows: [Flow]) {
    self.tracks = tracks
    self.steps = steps
    self.flows = flows
  }
}
