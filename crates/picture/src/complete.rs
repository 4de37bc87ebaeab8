//! Walks a file's segments to its end mark. Decoders fill what is missing with grey and report success; this does not.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::Format;

/// What the segments tell without decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outline {
    /// The end mark is there.
    pub complete: bool,
    /// More than one frame (PNG only).
    pub animated: bool,
    /// Colour channels (JPEG only), 0 if unknown.
    pub components: u8,
}

/// Reads the outline of a picture from its start. Formats whose decoders notice a missing end count as complete.
pub(crate) fn outline(format: Format, file: &mut (impl BufRead + Seek)) -> io::Result<Outline> {
    let walked = match format {
        Format::Png => png(file),
        Format::Jpeg => jpeg(file),
        Format::Webp => webp(file),
        _ => Ok(Outline {
            complete: true,
            ..Outline::default()
        }),
    };
    match walked {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Outline::default()),
        walked => walked,
    }
}

fn png(file: &mut (impl BufRead + Seek)) -> io::Result<Outline> {
    let mut animated = false;
    file.seek(SeekFrom::Start(8))?;
    loop {
        let length = u32::from_be_bytes(read(file)?);
        match &read::<4>(file)? {
            b"IEND" => {
                return Ok(Outline {
                    complete: true,
                    animated,
                    components: 0,
                });
            }
            b"acTL" => animated = true,
            _ => {}
        }
        file.seek_relative(i64::from(length) + 4)?;
    }
}

fn jpeg(file: &mut (impl BufRead + Seek)) -> io::Result<Outline> {
    const END: u8 = 0xD9;
    let mut components = 0;
    file.seek(SeekFrom::Start(2))?;
    loop {
        match next_marker(file)? {
            END => {
                return Ok(Outline {
                    complete: true,
                    animated: false,
                    components,
                });
            }
            // Frame headers; C4, C8 and CC are tables between them.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let [high, low, .., count] = read::<8>(file)?;
                components = count;
                file.seek_relative(i64::from(u16::from_be_bytes([high, low])) - 8)?;
            }
            _ => {
                let length = u16::from_be_bytes(read(file)?);
                file.seek_relative(i64::from(length) - 2)?;
            }
        }
    }
}

/// Skips entropy-coded data, fill bytes and restart marks up to the next marker that starts a segment.
fn next_marker(file: &mut impl BufRead) -> io::Result<u8> {
    loop {
        file.skip_until(0xFF)?;
        let mut byte = 0xFF;
        while byte == 0xFF {
            [byte] = read(file)?;
        }
        if !matches!(byte, 0x00 | 0x01 | 0xD0..=0xD8) {
            return Ok(byte);
        }
    }
}

fn webp(file: &mut (impl BufRead + Seek)) -> io::Result<Outline> {
    let bytes = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(4))?;
    let told = u64::from(u32::from_le_bytes(read(file)?)) + 8;
    Ok(Outline {
        complete: told <= bytes,
        ..Outline::default()
    })
}

fn read<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
