//! A page as a browser reads it: parsed by the algorithm of the HTML standard, errors included.

use html5ever::{parse_document, tendril::TendrilSink as _};
use http_body_util::BodyExt as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use crate::proxy::respond::Answer;

pub(super) struct Dom {
    root: Handle,
    /// What a browser would have to repair.
    pub(super) errors: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Element(Handle);

impl Dom {
    pub(super) fn of(response: &Answer) -> Self {
        let body = tokio_test::block_on(response.body().clone().collect()).unwrap().to_bytes();
        let text = std::str::from_utf8(&body).unwrap();
        let dom = parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(text);
        let errors = dom.errors.borrow().iter().map(ToString::to_string).collect();
        Self { root: dom.document, errors }
    }

    /// Returns the elements of these names, in the order of the page.
    pub(super) fn all(&self, names: &[&str]) -> Vec<Element> {
        Element(self.root.clone()).below(names)
    }

    pub(super) fn one(&self, name: &str) -> Element {
        let mut found = self.all(&[name]);
        assert_eq!(found.len(), 1, "elements {name}");
        found.remove(0)
    }

    /// Returns the names of all elements, in the order of the page.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        walk(&self.root, &mut |node| names.extend(Element(node.clone()).name()));
        names
    }

    pub(super) fn text(&self) -> String {
        Element(self.root.clone()).below(&["body"])[0].text()
    }

    /// Returns the element that an id belongs to.
    pub(super) fn by_id(&self, id: &str) -> Option<Element> {
        let mut found = None;
        walk(&self.root, &mut |node| {
            let element = Element(node.clone());
            if element.attribute("id").as_deref() == Some(id) {
                assert!(found.replace(element).is_none(), "the id {id} is there twice");
            }
        });
        found
    }

    /// Returns the value that a form would send under a name.
    pub(super) fn value_of(&self, name: &str) -> Option<String> {
        let inputs = self.all(&["input"]);
        inputs.iter().find(|input| input.attribute("name").as_deref() == Some(name))?.attribute("value")
    }
}

impl Element {
    pub(super) fn name(&self) -> Option<String> {
        match &self.0.data {
            NodeData::Element { name, .. } => Some(name.local.to_string()),
            _ => None,
        }
    }

    pub(super) fn attributes(&self) -> Vec<(String, String)> {
        match &self.0.data {
            NodeData::Element { attrs, .. } => {
                attrs.borrow().iter().map(|one| (one.name.local.to_string(), one.value.to_string())).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn below(&self, names: &[&str]) -> Vec<Self> {
        let mut found = Vec::new();
        walk(&self.0, &mut |node| {
            let element = Self(node.clone());
            if element.name().is_some_and(|name| names.contains(&&*name)) {
                found.push(element);
            }
        });
        found
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        walk(&self.0, &mut |node| {
            if let NodeData::Text { contents } = &node.data {
                text.push_str(&contents.borrow());
            }
        });
        text
    }
}

fn walk(node: &Handle, visit: &mut impl FnMut(&Handle)) {
    visit(node);
    for child in node.children.borrow().iter() {
        walk(child, visit);
    }
}
