/**
 * How much and how fast to send: a model of the path (its rate and its shortest round trip) in the manner of BBR
 * (draft-ietf-ccwg-bbr), instead of taking each loss for a jam. So random loss costs what is lost and no more, while
 * losses of many packets at once, which are a full queue, still make way for others.
 *
 * Rates are bytes a millisecond, times milliseconds.
 */

export interface CongestionAck {
  readonly now: number
  /** The round trip that this acknowledgement measured, as it was. */
  readonly rtt: number | undefined
  readonly sample:
    | { readonly rate: number; readonly idle: boolean; readonly priorDelivered: number }
    | undefined
  /** Bytes that arrived, of all and of this acknowledgement; bytes lost meanwhile; bytes under way now. */
  readonly delivered: number
  readonly acked: number
  readonly lost: number
  readonly lostPackets: number
  readonly inFlight: number
}

type Phase = 'startup' | 'drain' | 'cruise' | 'up' | 'down' | 'probeRtt'

/** Doubles the rate each round trip: 4 ln 2. */
const startupGain = 2.77
/** As many are under way as that takes, until the round trip has grown by this. */
const startupQueue = 1.1
const drainGain = 0.5
const upGain = 1.25
const downGain = 0.75
/**
 * Bytes under way, in products of rate and round trip: while more is tried, and else. What exceeds one product stands
 * in a queue when others are there, and delays them.
 */
const tryingGain = 1.5
const windowGain = 1.25
/** After startup a rate is measured over so many rounds: processes that are woken late make short samples too high. */
const longRounds = 2
/** Startup is over when the rate grew less than this three rounds in a row. */
const growth = 1.25
const flatRounds = 3
/** A round trip that is longer than the shortest by so much has a queue in it. */
const queued = 1.25
/**
 * From this part on losses of one round are taken for a jam, when the round trip has grown by such a factor. Without
 * a queue that could have overflowed they are the line's own, unless it is very many.
 */
const jamLoss = 0.02
const jamQueue = 1.15
const jamLossAlone = 0.2
const jamPackets = 8
/** Over how many rounds the usual loss is smoothed, and what is the most that is made up for. */
const usualRounds = 8
const mostUsualLoss = 0.1
/** Rounds for which the highest rate is remembered. */
const rateRounds = 10
/** How long the shortest round trip is believed, and how long it takes to measure it anew. */
const rttTrust = 10_000
const probeRttMs = 200
const probeRttGain = 0.5
/** Between two probes for more, in round trips. */
const cruiseRounds = 6
/** So much more may be under way, for processes that are woken late; milliseconds. On a short way that is nearly all. */
const wakeMs = 4
const wakeMsNearby = 20
const nearbyMs = 5
const firstPackets = 64
/** What the path had before is tried by half, so that it may have become slower; as in careful resume. */
const trustInExpected = 0.5
/** For as long as the first round trip is likely to take. */
const firstRound = 300
const leastPackets = 4

export class Congestion {
  readonly #datagram: number
  readonly #expected: number
  #phase: Phase = 'startup'
  #phaseAt = 0
  #rates: { readonly round: number; readonly rate: number }[] = []
  #round = 0
  /** How the latest rounds began. */
  readonly #rounds: { readonly at: number; readonly delivered: number; readonly idle: boolean }[] = []
  #roundEnds = 0
  #roundDelivered = 0
  #roundLost = 0
  #roundLostPackets = 0
  /** Part of what is sent that is lost round after round. */
  #usualLoss = 0
  #full = 0
  #flat = 0
  minRtt = Number.POSITIVE_INFINITY
  #minRttAt = 0
  #latestRtt = 0
  #probeEnds: number | undefined
  /** Above this, packets were lost in masses. */
  #ceiling = Number.POSITIVE_INFINITY

  /** `datagram`: the size of a full packet. `expected`: the rate that this path had a while ago. */
  constructor(datagram: number, expected = 0) {
    this.#datagram = datagram
    this.#expected = expected
  }

  get phase(): string {
    return this.#phase
  }

  /** The highest rate that the path was seen to deliver. */
  get rate(): number {
    return this.#rates[0]?.rate ?? 0
  }

  /** How fast to send, before anything was measured as if the round trip were `guess`. */
  pacing(guess: number): number {
    // What will be lost is sent on top, or what arrives would be less with every round.
    const pace = (this.rate * this.#pacingGain) / (1 - this.#usualLoss)
    if (this.rate > 0 && this.#phase !== 'startup') return pace
    // The first words are few, and say nothing of what the path could carry.
    const first = ((firstPackets * this.#datagram) / guess) * this.#pacingGain
    return Math.max(pace, first, this.#expected * trustInExpected)
  }

  /** How much may be under way. */
  get window(): number {
    const first = Math.max(firstPackets * this.#datagram, this.#expected * trustInExpected * firstRound)
    if (this.rate === 0 || this.minRtt === Number.POSITIVE_INFINITY) return first
    const product = this.#product
    if (this.#phase === 'probeRtt') return Math.max(leastPackets * this.#datagram, probeRttGain * product)
    const wake = this.minRtt < nearbyMs ? wakeMsNearby : wakeMs
    const wanted = this.#windowGain * product + this.rate * wake + 3 * this.#datagram
    const most = this.#phase === 'startup' ? Math.max(wanted, first) : wanted
    return Math.max(leastPackets * this.#datagram, Math.min(most, this.#ceiling))
  }

  onAck(ack: CongestionAck): void {
    const { now, sample } = ack
    this.#roundLost += ack.lost
    this.#roundLostPackets += ack.lostPackets
    this.#roundDelivered += ack.acked
    const newRound = sample !== undefined && sample.priorDelivered >= this.#roundEnds
    if (newRound) {
      this.#round++
      this.#roundEnds = ack.delivered
    }
    if (sample !== undefined && this.#phase === 'startup') this.#learnRate(sample.rate, sample.idle)
    if (newRound) {
      this.#measureRounds(ack, sample.idle)
      this.#onRound(ack, sample.idle)
    }
    this.#learnRtt(ack)
    this.#advance(now, ack.inFlight)
  }

  get #product(): number {
    return this.rate * this.minRtt
  }

  get #windowGain(): number {
    if (this.#phase === 'startup')
      return this.#latestRtt < startupQueue * this.minRtt ? startupGain : windowGain
    return this.#phase === 'up' ? tryingGain : windowGain
  }

  get #pacingGain(): number {
    switch (this.#phase) {
      case 'startup':
        return startupGain
      case 'drain':
        return drainGain
      case 'up':
        return upGain
      case 'down':
        return downGain
      default:
        return 1
    }
  }

  #measureRounds({ now, delivered }: CongestionAck, idle: boolean): void {
    const [first] = this.#rounds
    if (first !== undefined && this.#rounds.length === longRounds) {
      this.#rounds.shift()
      const isIdle = idle || first.idle || this.#rounds.some((round) => round.idle)
      if (this.#phase !== 'startup') this.#learnRate((delivered - first.delivered) / (now - first.at), isIdle)
    }
    this.#rounds.push({ at: now, delivered, idle })
  }

  #learnRate(rate: number, idle: boolean): void {
    if (idle && rate <= this.rate) return
    // The highest first; what is lower and older than another one will never be needed.
    while ((this.#rates.at(-1)?.rate ?? Number.POSITIVE_INFINITY) <= rate) this.#rates.pop()
    this.#rates.push({ round: this.#round, rate })
    while (this.#rates.length > 1 && (this.#rates[0]?.round ?? 0) < this.#round - rateRounds)
      this.#rates.shift()
  }

  #onRound(ack: CongestionAck, idle: boolean): void {
    const all = this.#roundLost + this.#roundDelivered
    const lossNow = all === 0 ? 0 : Math.min(mostUsualLoss, this.#roundLost / all)
    this.#usualLoss += (lossNow - this.#usualLoss) / usualRounds
    const part = this.#roundLostPackets < jamPackets ? 0 : this.#roundLost / all
    const hasQueue = (ack.rtt ?? 0) > jamQueue * this.minRtt
    const jammed = part > (hasQueue ? jamLoss : jamLossAlone)
    this.#roundLost = 0
    this.#roundLostPackets = 0
    this.#roundDelivered = 0
    if (this.#phase === 'startup') this.#judgeStartup(ack, jammed, idle)
    else if (jammed) this.#makeWay(ack)
    else if (this.#phase === 'up') this.#ceiling *= upGain
  }

  #judgeStartup(ack: CongestionAck, jammed: boolean, idle: boolean): void {
    if (jammed) this.#makeWay(ack)
    if (!idle && this.rate >= this.#full * growth) {
      this.#full = this.rate
      this.#flat = 0
    } else if (!idle) {
      // A queue that builds up says the same sooner.
      this.#flat += (ack.rtt ?? 0) > queued * this.minRtt ? flatRounds : 1
    }
    if (this.#flat >= flatRounds || jammed) this.#enter('drain', ack.now)
  }

  /** A queue overflowed: keep less under way, though never less than what fills the line. */
  #makeWay(ack: CongestionAck): void {
    const before = Math.min(this.#ceiling, ack.inFlight + ack.lost)
    this.#ceiling = Math.max(0.85 * before, 1.1 * this.#product, leastPackets * this.#datagram)
    if (this.#phase === 'up') this.#enter('down', ack.now)
  }

  #learnRtt({ now, rtt }: CongestionAck): void {
    if (rtt === undefined) return
    this.#latestRtt = rtt
    if (rtt <= this.minRtt) {
      this.minRtt = rtt
      this.#minRttAt = now
    } else if (now - this.#minRttAt > rttTrust && this.#phase !== 'probeRtt' && this.#phase !== 'startup') {
      this.#enter('probeRtt', now)
      this.#probeEnds = undefined
      this.minRtt = rtt
    }
  }

  #advance(now: number, inFlight: number): void {
    const since = now - this.#phaseAt
    switch (this.#phase) {
      case 'startup':
        return
      case 'drain':
        if (inFlight <= this.#product) this.#enter('cruise', now)
        return
      case 'cruise':
        if (since > cruiseRounds * this.minRtt) this.#enter('up', now)
        return
      case 'up':
        if (since > this.minRtt && inFlight >= Math.min(upGain * this.#product, this.window * 0.95)) {
          this.#enter('down', now)
        } else if (since > 3 * this.minRtt) {
          this.#enter('down', now)
        }
        return
      case 'down':
        if (inFlight <= this.#product || since > this.minRtt) this.#enter('cruise', now)
        return
      case 'probeRtt':
        if (this.#probeEnds === undefined && inFlight <= this.window) {
          this.#probeEnds = now + Math.max(probeRttMs, this.minRtt)
        }
        if (this.#probeEnds !== undefined && now >= this.#probeEnds) {
          this.#minRttAt = now
          this.#enter('cruise', now)
        }
    }
  }

  #enter(phase: Phase, now: number): void {
    this.#phase = phase
    this.#phaseAt = now
  }
}
