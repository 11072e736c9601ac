import type { FleetDriver, WatchFleetResponse } from "./gen/ridetracking/v1/fleet_pb.js";

/** What a frame of the fleet has changed. */
export interface FleetChange {
  /** The whole viewport: whoever is not in `drivers` is not in it. */
  readonly isWhole: boolean;
  /** Those that came or changed, each with its `driverId`. */
  readonly drivers: readonly FleetDriver[];
  /** Those that left the viewport or went stale, by `driverId`. */
  readonly left: readonly string[];
}

/**
 * The drivers that one `WatchFleet` stream tells of: its snapshot, and its deltas applied. Drivers are named by their slot
 * after their first appearance; whoever asks here knows them by their id.
 */
export class FleetDrivers {
  private readonly bySlot = new Map<number, FleetDriver>();
  private readonly slots = new Map<string, number>();
  private complete = false;

  /** @param most no more drivers than this are kept; those beyond are counted */
  constructor(private readonly most: number) {}

  /** How many changes were left out: of drivers beyond the bound, or never named. */
  leftOut = 0;

  /** The snapshot has come in full: from here on, frames hold changes. */
  get isComplete(): boolean {
    return this.complete;
  }

  get size(): number {
    return this.bySlot.size;
  }

  get(driverId: string): FleetDriver | undefined {
    const slot = this.slots.get(driverId);
    return slot === undefined ? undefined : this.bySlot.get(slot);
  }

  [Symbol.iterator](): IterableIterator<FleetDriver> {
    return this.bySlot.values();
  }

  /** @returns what there is to tell; undefined while the snapshot is not complete */
  apply(frame: WatchFleetResponse): FleetChange | undefined {
    const left = new Set<string>();
    for (const slot of frame.leftSlots) this.remove(slot, left);
    const drivers: FleetDriver[] = [];
    for (const driver of frame.drivers) {
      if (!this.put(driver, left)) continue;
      // One that left and came back in the same frame is there.
      left.delete(driver.driverId);
      drivers.push(driver);
    }
    if (this.complete) return { isWhole: false, drivers, left: [...left] };
    if (!frame.snapshotComplete) return undefined;
    this.complete = true;
    return { isWhole: true, drivers: [...this.bySlot.values()], left: [] };
  }

  private put(driver: FleetDriver, left: Set<string>): boolean {
    const known = this.bySlot.get(driver.slot);
    if (driver.driverId === "") driver.driverId = known?.driverId ?? "";
    if (driver.driverId === "" || (known === undefined && this.bySlot.size >= this.most)) {
      this.leftOut++;
      return false;
    }
    // A slot goes to another driver, or a driver to another slot, only where somebody's leaving was not told.
    if (known !== undefined && known.driverId !== driver.driverId) this.remove(driver.slot, left);
    const formerSlot = this.slots.get(driver.driverId);
    if (formerSlot !== undefined && formerSlot !== driver.slot) this.bySlot.delete(formerSlot);
    this.bySlot.set(driver.slot, driver);
    this.slots.set(driver.driverId, driver.slot);
    return true;
  }

  private remove(slot: number, left: Set<string>): void {
    const driver = this.bySlot.get(slot);
    if (driver === undefined) return;
    this.bySlot.delete(slot);
    this.slots.delete(driver.driverId);
    left.add(driver.driverId);
  }
}
