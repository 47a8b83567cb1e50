//! Captures of a network, piece by piece: pcap and pcapng, and the datagrams of UDP within their packets.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_parser::{
    Block, Linktype,
    data::{PacketData, get_packetdata},
    nom::Err::Incomplete,
    parse_block_be, parse_block_le, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified,
    parse_pcap_header,
    traits::PcapNGPacketBlock as _,
};

/// The longest record that is believed, in bytes: a packet is shorter by far.
const MAX_RECORD: usize = 1 << 22;
/// The most interfaces of a capture.
const MAX_INTERFACES: usize = 1_024;

/// A datagram of UDP, and the time at which it was captured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Datagram<'a> {
    /// The time since the capture's first packet, in ms.
    pub(crate) at_ms: f64,
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) payload: &'a [u8],
}

/// The reason why a capture cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CaptureError {
    /// A record makes no sense.
    #[error("a record of the capture is damaged")]
    Damaged,
}

/// The form of a capture's records.
#[derive(Debug)]
enum Form {
    /// The beginning has not come whole.
    Unknown,
    /// pcap.
    Legacy { order: LegacyOrder, is_nano: bool, link: Linktype },
    /// pcapng, a section of it.
    Sections { is_big: bool, interfaces: Vec<Interface> },
}

#[derive(Clone, Copy, Debug)]
enum LegacyOrder {
    Little,
    Big,
    Modified,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: Linktype,
    /// The seconds that are added to its times.
    offset: i64,
    /// The parts of a second in which it counts.
    resolution: u64,
}

/// Reads a capture whose bytes come in pieces of any length.
#[derive(Debug)]
pub(crate) struct PacketReader {
    form: Form,
    /// Bytes of a record that has not come whole.
    pending: Vec<u8>,
    /// The time of the first packet by the capture's clock, in ms.
    first_ms: Option<f64>,
    /// The packets that the capture has not kept whole.
    pub(crate) shortened: u64,
}

impl Default for PacketReader {
    fn default() -> Self {
        Self { form: Form::Unknown, pending: Vec::new(), first_ms: None, shortened: 0 }
    }
}

impl PacketReader {
    /// Takes bytes and hands out the datagrams in them.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        mut on: impl FnMut(Datagram<'_>),
    ) -> Result<(), CaptureError> {
        let mut pending = core::mem::take(&mut self.pending);
        pending.extend(bytes);
        let mut rest = &pending[..];
        while let Some(later) = self.record(rest, &mut on)? {
            rest = later;
        }
        if rest.len() > MAX_RECORD {
            return Err(CaptureError::Damaged);
        }
        pending.drain(..pending.len() - rest.len());
        self.pending = pending;
        Ok(())
    }

    /// Returns true where the capture ends within a record.
    pub(crate) fn is_cut(&self) -> bool {
        !self.pending.is_empty() || matches!(self.form, Form::Unknown)
    }

    /// Reads one record, and returns what follows it; nothing where it has not come whole.
    fn record<'a>(
        &mut self,
        bytes: &'a [u8],
        on: &mut impl FnMut(Datagram<'_>),
    ) -> Result<Option<&'a [u8]>, CaptureError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        match &self.form {
            Form::Unknown if bytes[0] == 0x0a => self.block(bytes, on),
            Form::Unknown => match parse_pcap_header(bytes) {
                Ok((rest, header)) => {
                    let order = if header.is_modified_format() {
                        LegacyOrder::Modified
                    } else if header.is_bigendian() {
                        LegacyOrder::Big
                    } else {
                        LegacyOrder::Little
                    };
                    let is_nano = header.is_nanosecond_precision();
                    self.form = Form::Legacy { order, is_nano, link: header.network };
                    Ok(Some(rest))
                }
                Err(Incomplete(_)) => Ok(None),
                Err(_) => Err(CaptureError::Damaged),
            },
            Form::Legacy { order, is_nano, link } => {
                let parse = match order {
                    LegacyOrder::Little => parse_pcap_frame,
                    LegacyOrder::Big => parse_pcap_frame_be,
                    LegacyOrder::Modified => parse_pcap_frame_modified,
                };
                match parse(bytes) {
                    Ok((rest, frame)) => {
                        let part = if *is_nano { 1e-6 } else { 1e-3 };
                        let at_ms = f64::from(frame.ts_sec) * 1e3 + f64::from(frame.ts_usec) * part;
                        self.shortened += u64::from(frame.caplen < frame.origlen);
                        unpack(frame.data, *link, at_ms - *self.first_ms.get_or_insert(at_ms), on);
                        Ok(Some(rest))
                    }
                    Err(Incomplete(_)) => Ok(None),
                    Err(_) => Err(CaptureError::Damaged),
                }
            }
            Form::Sections { .. } => self.block(bytes, on),
        }
    }

    /// Reads a block of pcapng.
    fn block<'a>(
        &mut self,
        bytes: &'a [u8],
        on: &mut impl FnMut(Datagram<'_>),
    ) -> Result<Option<&'a [u8]>, CaptureError> {
        let is_big = matches!(self.form, Form::Sections { is_big: true, .. });
        let parsed = if is_big { parse_block_be(bytes) } else { parse_block_le(bytes) };
        let (rest, block) = match parsed {
            Ok(parsed) => parsed,
            Err(Incomplete(_)) => return Ok(None),
            Err(_) => return Err(CaptureError::Damaged),
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "blocks of other kinds hold no packets")]
        match block {
            Block::SectionHeader(header) => {
                self.form = Form::Sections { is_big: header.big_endian(), interfaces: Vec::new() };
            }
            Block::InterfaceDescription(description) => {
                if let Form::Sections { interfaces, .. } = &mut self.form
                    && interfaces.len() < MAX_INTERFACES
                {
                    interfaces.push(Interface {
                        link: description.linktype,
                        offset: description.ts_offset(),
                        resolution: description.ts_resolution().unwrap_or(1_000_000).max(1),
                    });
                }
            }
            Block::EnhancedPacket(packet) => {
                self.shortened += u64::from(packet.caplen < packet.origlen);
                if let Some(interface) = self.interface(packet.if_id) {
                    let ticks = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                    let at_ms =
                        ticks as f64 * 1e3 / interface.resolution as f64 + interface.offset as f64 * 1e3;
                    let at_ms = at_ms - *self.first_ms.get_or_insert(at_ms);
                    unpack(packet.packet_data(), interface.link, at_ms, on);
                }
            }
            _ => {}
        }
        Ok(Some(rest))
    }

    fn interface(&self, id: u32) -> Option<Interface> {
        match &self.form {
            Form::Sections { interfaces, .. } => interfaces.get(id as usize).copied(),
            Form::Unknown | Form::Legacy { .. } => None,
        }
    }
}

/// Hands out the datagram in a packet, if it has a whole one.
fn unpack(packet: &[u8], link: Linktype, at_ms: f64, on: &mut impl FnMut(Datagram<'_>)) {
    let sliced = match get_packetdata(packet, link, packet.len()) {
        Some(PacketData::L2(frame)) => LaxSlicedPacket::from_ethernet(frame).ok(),
        Some(PacketData::L3(ether_type, packet)) => {
            Some(LaxSlicedPacket::from_ether_type(EtherType(ether_type), packet))
        }
        Some(PacketData::L4(..) | PacketData::Unsupported(_)) | None => None,
    };
    let Some(LaxSlicedPacket { net: Some(net), transport: Some(TransportSlice::Udp(udp)), .. }) = sliced
    else {
        return;
    };
    let (source, destination): (IpAddr, IpAddr) = match &net {
        LaxNetSlice::Ipv4(packet) if !packet.is_payload_fragmented() => {
            (packet.header().source_addr().into(), packet.header().destination_addr().into())
        }
        LaxNetSlice::Ipv6(packet) if !packet.is_payload_fragmented() => {
            (packet.header().source_addr().into(), packet.header().destination_addr().into())
        }
        LaxNetSlice::Ipv4(_) | LaxNetSlice::Ipv6(_) | LaxNetSlice::Arp(_) => return,
    };
    on(Datagram {
        at_ms,
        source: SocketAddr::new(source, udp.source_port()),
        destination: SocketAddr::new(destination, udp.destination_port()),
        payload: udp.payload(),
    });
}
