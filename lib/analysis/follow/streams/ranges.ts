/** Takes a range out of a list of ranges (start, end, start, end…) and says how many bytes of it were there. */
export function takeRange(left: number[], start: number, end: number): number {
  let bytes = 0;
  for (let index = 0; index < left.length; index += 2) {
    const [low, high] = [left[index]!, left[index + 1]!];
    const [from, to] = [Math.max(low, start), Math.min(high, end)];
    if (from >= to) continue;
    bytes += to - from;
    const rest = [low, from, to, high].filter((_, at) => (at < 2 ? low < from : to < high));
    left.splice(index, 2, ...rest);
    index += rest.length - 2;
  }
  return bytes;
}
