/**
 * A point near the middle of the map from which places are told as float32 offsets: float32 alone is only good for
 * metres on the whole world. Moves when the map has gone far, and then all offsets are made anew.
 */
export class LocalOrigin {
  x = Number.NaN;
  y = Number.NaN;

  /** True when the origin moved. */
  follow(centerX: number, centerY: number): boolean {
    const farthest = 0.01;
    const near = Math.abs(this.shiftedX(centerX) - centerX) < farthest && Math.abs(this.y - centerY) < farthest;
    if (near) return false;
    this.x = centerX;
    this.y = centerY;
    return true;
  }

  /** The matrix with the origin folded in, in doubles, for the copy of the world that `centerX` is on. */
  fold(matrix: ArrayLike<number>, centerX: number): Float32Array {
    const folded = Float32Array.from(matrix);
    const x = this.shiftedX(centerX);
    for (let row = 0; row < 4; row++) {
      folded[12 + row] =
        (matrix[row] ?? 0) * x + (matrix[4 + row] ?? 0) * this.y + (matrix[12 + row] ?? 0);
    }
    return folded;
  }

  private shiftedX(centerX: number): number {
    return this.x + Math.round(centerX - this.x);
  }
}
