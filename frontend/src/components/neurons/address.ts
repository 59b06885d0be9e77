/** Bytes of a picture as something that an image can show. */
import { useEffect, useState } from "preact/hooks";
import { PIXEL_ART } from "../grid/card";

/** "crisp" for a PNG whose pixels are seen one by one. */
export function crispness(png: Uint8Array | null): string {
  // The width stands behind the signature and the name of the first chunk.
  if (png === null || png.length < 20) return "";
  return new DataView(png.buffer, png.byteOffset).getUint32(16) <= PIXEL_ART ? "crisp" : "";
}

/** The address of a PNG, for as long as it is shown. */
export function useAddress(bytes: Uint8Array | null): string | null {
  const [address, set] = useState<string | null>(null);
  useEffect(() => {
    if (bytes === null) return set(null);
    const made = URL.createObjectURL(new Blob([bytes.slice()], { type: "image/png" }));
    set(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return address;
}
