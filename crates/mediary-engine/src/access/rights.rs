//! Rights as types: whether a caller may do something is asked once, and what does it takes the answer.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use mediary_core::{Permission, Result};

use super::Caller;

/// A caller who holds the right `R`. There is no other way to one than [`May::ask`], so what takes a `May` need not ask again.
pub struct May<R> {
    caller: Arc<Caller>,
    right: PhantomData<R>,
}

/// A right as a type.
pub trait Right {
    const PERMISSION: Permission;
}

impl<R: Right> May<R> {
    /// `forbidden` unless the caller holds the right.
    pub fn ask(caller: Arc<Caller>) -> Result<Self> {
        caller.require(R::PERMISSION)?;
        Ok(Self { caller, right: PhantomData })
    }
}

impl<R> May<R> {
    pub fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }
}

impl<R> Clone for May<R> {
    fn clone(&self) -> Self {
        Self { caller: self.caller.clone(), right: PhantomData }
    }
}

impl<R: Right> fmt::Debug for May<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("May").field("right", &R::PERMISSION).field("caller", &self.caller).finish()
    }
}

macro_rules! rights {
    ($($name:ident),+ $(,)?) => { $(
        #[derive(Debug)]
        pub enum $name {}

        impl Right for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+ };
}

rights! {
    Read, Send, MarkRead, StartDownload, ShareLink, DeleteMedia, RetryAll, ChangeMediaSettings, EraseMedia, SeeUsage, ManageAccounts,
    ManageUsers, ManageApiKeys, SeeAudit,
}
