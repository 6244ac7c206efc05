//! Messages and descriptors over a socket.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recv, recvmsg, sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::MAX_MESSAGE_BYTES;

/// The file, and the memory for its products.
const DESCRIPTORS_OF_A_JOB: usize = 2;

/// Two ends of a new socket.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// A message of the program, with the descriptors that belong to it.
pub(crate) fn send_with(
    socket: impl AsFd,
    message: &impl Serialize,
    with: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_OF_A_JOB))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !with.is_empty() && !control.push(SendAncillaryMessage::ScmRights(with)) {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    sendmsg(socket, &[IoSlice::new(&text)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// A message for the worker, with its descriptors. None when the program is gone.
pub(crate) fn receive_with<M: DeserializeOwned>(socket: impl AsFd) -> io::Result<Option<(M, Vec<OwnedFd>)>> {
    let mut text = vec![0; MAX_MESSAGE_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_OF_A_JOB))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut text)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let descriptors = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten()
        .collect();
    if received.bytes == 0 {
        return Ok(None);
    }
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(too_long());
    }
    Ok(Some((serde_json::from_slice(&text[..received.bytes])?, descriptors)))
}

/// A message of the worker. It writes, as it may not send.
pub(crate) fn write(socket: impl AsFd, message: &impl Serialize) -> io::Result<()> {
    rustix::io::write(socket, &serde_json::to_vec(message)?)?;
    Ok(())
}

/// A message for the program, which takes no descriptors: the kernel closes what comes with it. None when the worker is gone.
pub(crate) fn receive<M: DeserializeOwned>(socket: impl AsFd) -> io::Result<Option<M>> {
    let mut text = vec![0; MAX_MESSAGE_BYTES];
    let (_, bytes) = recv(socket, &mut text[..], RecvFlags::TRUNC)?;
    match bytes {
        0 => Ok(None),
        1..=MAX_MESSAGE_BYTES => Ok(Some(serde_json::from_slice(&text[..bytes])?)),
        _ => Err(too_long()),
    }
}

/// What an external program says on its standard error, as far as it is short; empty at its end.
pub(crate) fn receive_text(socket: impl AsFd) -> io::Result<Vec<u8>> {
    let mut text = vec![0; MAX_MESSAGE_BYTES];
    let (_, bytes) = match recv(socket, &mut text[..], RecvFlags::TRUNC) {
        // It has left what it was sent unread.
        Err(rustix::io::Errno::CONNRESET) => return Ok(Vec::new()),
        received => received?,
    };
    Ok(text[..bytes.min(MAX_MESSAGE_BYTES)].to_vec())
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a message has more than {MAX_MESSAGE_BYTES} bytes"))
}
