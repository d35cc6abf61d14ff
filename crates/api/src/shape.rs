//! The contract as data: what each action takes and gives, for shape checks, tables and help texts.

use std::fmt;

/// One action of one service.
#[derive(Debug, Clone, Copy)]
pub struct ActionInfo {
    /// Its place in the table of all actions, from 0.
    pub line: usize,
    /// The service, for example `redis`.
    pub service: &'static str,
    /// The service's version, for example `2018-04-12`.
    pub version: &'static str,
    /// The action, for example `DescribeTaskInfo`.
    pub name: &'static str,
    /// The parameters.
    pub request: &'static Shape,
    /// The answer, with `RequestId`.
    pub response: &'static Shape,
}

/// One object.
#[derive(Debug)]
pub struct Shape {
    /// The object's name in the facts, for example `InstanceSet`.
    pub name: &'static str,
    /// The fields, in the order of the facts.
    pub fields: &'static [Field],
}

impl Shape {
    /// The field with this wire name. Linear: the largest request has some 30 fields, and a string comparison looks at
    /// the lengths first.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// One field of an object.
#[derive(Debug)]
pub struct Field {
    /// The wire name.
    pub name: &'static str,
    /// The wire type.
    pub ty: Type,
    /// Whether a request must have it. Says nothing in a response, where every field is sent.
    pub required: bool,
    /// Whether a response may hold `null`. In a request `null` is the same as absent.
    pub nullable: bool,
    /// Whether the value must not reach a log.
    pub secret: bool,
}

/// The type of a value on the wire. `Display` writes it as a reader of an error message expects it: `int64`,
/// `list of string`, `Filter`.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// A whole number that fits `i64`.
    Int64,
    /// A whole number from 0 that fits `u64`.
    Uint64,
    /// Any number.
    Float,
    /// `true` or `false`.
    Bool,
    /// A string; times are strings too.
    String,
    /// An object of this shape.
    Object(&'static Shape),
    /// A list whose elements have this type.
    List(&'static Type),
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int64 => f.write_str("int64"),
            Self::Uint64 => f.write_str("uint64"),
            Self::Float => f.write_str("float"),
            Self::Bool => f.write_str("bool"),
            Self::String => f.write_str("string"),
            Self::Object(shape) => f.write_str(shape.name),
            Self::List(element) => write!(f, "list of {element}"),
        }
    }
}
