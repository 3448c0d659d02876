//! The codecs of chunks.

use std::io::Read;

use flate2::read::GzDecoder;

/// What was done to the bytes of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Gzip,
    Zstd,
    /// A checksum of four bytes behind the others.
    Crc32c,
}

/// Undoes `codecs`, the last one first, and returns the `wanted` bytes of the chunk.
///
/// # Errors
/// A text when there are other than that many, or a checksum is wrong.
pub(super) fn decode(mut bytes: Vec<u8>, codecs: &[Codec], wanted: usize) -> Result<Vec<u8>, String> {
    // One byte more than there should be is enough to notice too many; inner checksums may follow.
    let most = wanted as u64 + 4 * codecs.len() as u64 + 1;
    for codec in codecs.iter().rev() {
        bytes = match codec {
            Codec::Gzip => read(GzDecoder::new(&bytes[..]), most)?,
            Codec::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(&bytes[..]);
                read(decoder.map_err(|error| error.to_string())?, most)?
            }
            Codec::Crc32c => {
                let end = bytes.len().checked_sub(4).ok_or("it is cut off")?;
                let stored = bytes.split_off(end);
                if stored != crc32c(&bytes).to_le_bytes() {
                    return Err("its checksum is that of other values".to_string());
                }
                bytes
            }
        };
    }
    if bytes.len() == wanted {
        Ok(bytes)
    } else {
        Err(format!("it holds {} bytes instead of {wanted}", bytes.len()))
    }
}

fn read(decoder: impl Read, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    decoder.take(most).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Remainders of all bytes by the polynomial of Castagnoli, reflected: 0x82F63B78.
const REMAINDERS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82F6_3B78 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// CRC-32C.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| crc >> 8 ^ REMAINDERS[usize::from(crc as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::crc32c;

    #[test]
    fn the_check_value_of_castagnoli_is_met() {
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }
}
