//! Which file of a crate uses which, read from its paths: rooms use only what stands below them, and no files use each other in a
//! circle, but for a module and those within it.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, UseTree};

/// Crates with rooms, and which rooms each of their rooms may use, from the bottom up. A file at the top of a crate is a room, too.
const ROOMS: &[(&str, &[Room])] = &[(
    "mediary-engine",
    &[
        ("base", &[]),
        ("events", &["base"]),
        ("access", &["base"]),
        ("whatsapp", &["base", "events", "access"]),
        ("context", &["base", "events", "whatsapp"]),
        ("nodes", &["base", "events", "context"]),
        ("storage", &["base", "context"]),
        ("intake", &["base", "access", "whatsapp", "context", "storage"]),
        ("transit", &["base", "whatsapp"]),
        ("media", &["base", "access", "events", "whatsapp", "context", "storage", "transit"]),
        ("outward", &["base", "access", "events", "whatsapp", "context", "storage"]),
        ("upkeep", &["base", "access", "events", "context", "storage", "intake", "media"]),
        (
            "engine",
            &[
                "base", "events", "access", "whatsapp", "context", "nodes", "storage", "intake", "transit",
                "media", "outward", "upkeep",
            ],
        ),
    ],
)];

/// A room, and those that it may use.
type Room = (&'static str, &'static [&'static str]);

/// A module's path in its crate: `["intake", "ingest"]`.
type Module = Vec<String>;

/// One module uses another: where that stands.
struct Use {
    from: Module,
    to: Module,
    place: String,
}

/// The modules of a crate that have files, with the uses between them outside of tests.
struct Crate {
    modules: BTreeMap<Module, PathBuf>,
    uses: Vec<Use>,
}

impl Crate {
    fn read(folder: &Path) -> Self {
        let source = folder.join("src");
        let mut modules = BTreeMap::new();
        find_modules(&source, &source, &mut modules);
        let mut uses = Vec::new();
        for (module, file) in &modules {
            let text = fs::read_to_string(file).unwrap();
            let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let mut paths = Paths { module: module.clone(), found: Vec::new() };
            paths.visit_file(&syntax);
            for (path, line) in paths.found {
                let Some(to) = longest_module(&modules, &path).filter(|to| to != module) else { continue };
                let shown = file.strip_prefix(folder.parent().unwrap()).unwrap().display();
                uses.push(Use {
                    from: module.clone(),
                    to,
                    place: format!("{shown}:{line} → {}", path.join("::")),
                });
            }
        }
        Self { modules, uses }
    }

    /// Uses by which files stand in a circle, if there are any.
    fn circle(&self) -> Option<Vec<&str>> {
        let mut edges: BTreeMap<&Module, Vec<&Use>> = BTreeMap::new();
        for each in self.uses.iter().filter(|each| !are_kin(&each.from, &each.to)) {
            edges.entry(&each.from).or_default().push(each);
        }
        let mut done = BTreeSet::new();
        self.modules.keys().find_map(|start| walk(start, &edges, &mut Vec::new(), &mut done))
    }
}

/// Follows uses until one leads back to where the walk has been.
fn walk<'a>(
    at: &'a Module,
    edges: &BTreeMap<&'a Module, Vec<&'a Use>>,
    way: &mut Vec<&'a Use>,
    done: &mut BTreeSet<&'a Module>,
) -> Option<Vec<&'a str>> {
    if let Some(first) = way.iter().position(|each| each.from == *at) {
        return Some(way[first..].iter().map(|each| each.place.as_str()).collect());
    }
    if done.contains(at) {
        return None;
    }
    for next in edges.get(at).into_iter().flatten() {
        way.push(next);
        let circle = walk(&next.to, edges, way, done);
        way.pop();
        if circle.is_some() {
            return circle;
        }
    }
    done.insert(at);
    None
}

/// Whether one is a module within the other.
fn are_kin(one: &Module, other: &Module) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

fn longest_module(modules: &BTreeMap<Module, PathBuf>, path: &[String]) -> Option<Module> {
    (1..=path.len()).rev().map(|length| path[..length].to_vec()).find(|module| modules.contains_key(module))
}

fn find_modules(source: &Path, folder: &Path, modules: &mut BTreeMap<Module, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_modules(source, &path, modules);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut module: Module = path
                .strip_prefix(source)
                .unwrap()
                .with_extension("")
                .iter()
                .map(|part| part.to_str().unwrap().into())
                .collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            let is_root = module.len() == 1 && (module[0] == "lib" || module[0] == "main");
            if !is_root && !module.iter().any(|part| part == "tests" || part == "testing") {
                modules.insert(module, path);
            }
        }
    }
}

/// Collects the paths within the crate that a file names, resolved from its root, with their lines.
struct Paths {
    module: Module,
    found: Vec<(Vec<String>, usize)>,
}

impl Paths {
    fn resolve(&mut self, path: &[String], line: usize) {
        let mut at = self.module.clone();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                at.clear();
                rest = &path[1..];
            }
            Some("self") => rest = &path[1..],
            Some("super") => {
                while rest.first().is_some_and(|part| part == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            _ => return,
        }
        at.extend(rest.iter().cloned());
        self.found.push((at, line));
    }

    fn tree(&mut self, tree: &UseTree, before: &[String], line: usize) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident), line),
            UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(item, before, item.span().start().line));
            }
            UseTree::Name(name) => self.resolve(&with(&name.ident), line),
            UseTree::Rename(rename) => self.resolve(&with(&rename.ident), line),
            UseTree::Glob(_) => self.resolve(before, line),
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "test")
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !is_for_tests(&item.attrs) {
            self.tree(&item.tree, &[], item.span().start().line);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.resolve(&parts, path.span().start().line);
        visit::visit_path(self, path);
    }
}

fn crates() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("crates");
    let mut crates: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    crates.sort();
    crates
}

#[test]
fn rooms_use_only_what_stands_below_them() {
    for (name, rooms) in ROOMS {
        let folder = crates().into_iter().find(|folder| folder.ends_with(name)).unwrap();
        let found = Crate::read(&folder);
        let allowed: BTreeMap<_, _> = rooms.iter().copied().collect();
        let rooms_found: BTreeSet<_> = found.modules.keys().map(|module| module[0].as_str()).collect();
        assert_eq!(rooms_found, allowed.keys().copied().collect(), "the rooms of {name}");
        let wrong: Vec<_> = found
            .uses
            .iter()
            .filter(|each| {
                each.from[0] != each.to[0] && !allowed[each.from[0].as_str()].contains(&each.to[0].as_str())
            })
            .map(|each| each.place.as_str())
            .collect();
        assert!(wrong.is_empty(), "rooms that use what they must not know:\n{}", wrong.join("\n"));
    }
}

#[test]
fn table_of_rooms_goes_from_the_bottom_up() {
    for (name, rooms) in ROOMS {
        let mut below = BTreeSet::new();
        for (room, may_use) in *rooms {
            let above: Vec<_> = may_use.iter().filter(|used| !below.contains(*used)).collect();
            assert!(above.is_empty(), "{name}: {room} uses {above:?}, which do not stand below it");
            below.insert(*room);
        }
    }
}

#[test]
fn files_use_each_other_in_no_circle() {
    let circles: Vec<_> = crates()
        .iter()
        .filter_map(|folder| Crate::read(folder).circle().map(|circle| circle.join("\n")))
        .collect();
    assert!(circles.is_empty(), "files that use each other:\n{}", circles.join("\n\n"));
}
