/** From one fix of a car to its next: places in Mercator units, times in the page's seconds. */
export interface Stretch {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
  readonly start: number;
  readonly duration: number;
}

/**
 * The last stretches that cars have driven, of all cars together: a ring of fixed size in which the oldest makes room,
 * so that a day of watching takes no more memory than a minute.
 */
export class Trails {
  private readonly ring: (Stretch | undefined)[];
  private next = 0;
  private fresh = 0;

  constructor(readonly capacity: number) {
    this.ring = new Array<Stretch | undefined>(capacity);
  }

  get length(): number {
    return Math.min(this.next, this.capacity);
  }

  add(stretch: Stretch): void {
    this.ring[this.next % this.capacity] = stretch;
    this.next++;
    this.fresh = Math.min(this.fresh + 1, this.capacity);
  }

  at(index: number): Stretch | undefined {
    return this.ring[index];
  }

  /** The places in the ring that were written since the last call. */
  takeFresh(): number[] {
    const indices = Array.from({ length: this.fresh }, (_, age) => (this.next - this.fresh + age) % this.capacity);
    this.fresh = 0;
    return indices;
  }
}
