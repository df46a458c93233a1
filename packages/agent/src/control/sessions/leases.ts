const remembered = 10_000

/** The highest lease seen of each job. Forgets the jobs that were longest not heard of. */
export class Leases {
  private readonly highest = new Map<string, number>()

  /** True, and noted, when `lease` is higher than any seen for the job. */
  take(job: string, lease: number): boolean {
    const before = this.highest.get(job)
    if (before !== undefined && lease <= before) return false
    this.highest.delete(job)
    this.highest.set(job, lease)
    if (this.highest.size > remembered) {
      const [oldest] = this.highest.keys()
      if (oldest !== undefined) this.highest.delete(oldest)
    }
    return true
  }
}
