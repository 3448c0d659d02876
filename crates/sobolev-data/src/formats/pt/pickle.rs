//! Python's pickle format (protocols 2 to 5), read as data: nothing is ever called or imported.
//!
//! Source: CPython documentation of `pickletools`. A pickle is a program for a stack machine. The instructions that build
//! lists, dictionaries and numbers are carried out; those that would call something make a [`Object::Call`] of its name and
//! arguments, which the reader of tensors looks at.

use std::cell::RefCell;
use std::rc::Rc;

/// Objects and bytes that a pickle may make: far beyond any table of weights.
const MOST_OBJECTS: usize = 4_000_000;

/// What a pickle describes.
#[derive(Debug, Clone)]
pub(super) enum Object {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    Tuple(Rc<[Object]>),
    /// Lists and sets, shared between all references to them.
    List(Rc<RefCell<Vec<Object>>>),
    Dict(Rc<RefCell<Vec<(Object, Object)>>>),
    /// A name such as `torch._utils._rebuild_tensor_v2`.
    Global(Rc<str>),
    /// Something called with arguments.
    Call(Rc<(Object, Object)>),
    /// What the program stores beside the pickle, by its description.
    Persistent(Rc<Object>),
}

impl Object {
    /// The parts of a tuple.
    pub(super) fn tuple(&self) -> Option<&[Self]> {
        match self {
            Self::Tuple(parts) => Some(parts),
            _ => None,
        }
    }

    /// A number that counts.
    pub(super) fn count(&self) -> Option<usize> {
        match self {
            Self::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }
}

type Parsed<T> = Result<T, String>;

/// All objects that have parts, in the order in which they were made. They outlive all others, and go one by one: an object
/// that takes its parts along would need a call for each level of nesting, and a pickle may have millions.
#[derive(Default)]
struct Made(Vec<Object>);

impl Drop for Made {
    fn drop(&mut self) {
        // What can change may hold what was made later, or itself.
        for object in &self.0 {
            match object {
                Object::List(list) => drop(list.take()),
                Object::Dict(dict) => drop(dict.take()),
                _ => {}
            }
        }
        // The parts of all others were made before them.
        while self.0.pop().is_some() {}
    }
}

/// What a pickle describes at its end.
pub(super) struct Pickle {
    pub(super) root: Object,
    _made: Made,
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Object>,
    /// Heights of the stack at marks.
    marks: Vec<usize>,
    memo: Vec<Option<Object>>,
    count: usize,
    /// Behind all that refers to objects: it goes last.
    made: Made,
}

/// Reads a pickle.
///
/// # Errors
/// A text that says what makes no sense, and where.
pub(super) fn parse(bytes: &[u8]) -> Parsed<Pickle> {
    let mut machine = Machine {
        bytes,
        at: 0,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
        count: 0,
        made: Made::default(),
    };
    loop {
        let start = machine.at;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => return Ok(Pickle { root, _made: std::mem::take(&mut machine.made) }),
            Err(what) => return Err(format!("pickle, byte {start}: {what}")),
        }
    }
}

impl Machine<'_> {
    fn take(&mut self, count: usize) -> Parsed<&[u8]> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| "it is cut off".to_string())?;
        let part = &self.bytes[self.at..end];
        self.at = end;
        Ok(part)
    }

    fn number(&mut self, bytes: usize) -> Parsed<u64> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self, bytes: usize) -> Parsed<usize> {
        usize::try_from(self.number(bytes)?).map_err(|_| "a length beyond all memory".to_string())
    }

    fn text(&mut self, length: usize) -> Parsed<Object> {
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| "a text is no UTF-8".to_string())?;
        Ok(Object::Text(text.into()))
    }

    fn line(&mut self) -> Parsed<String> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or("it is cut off")?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        self.at += end + 1;
        Ok(line)
    }

    fn push(&mut self, object: Object) -> Parsed<Option<Object>> {
        // An object that is refused goes with the others, too.
        match object {
            Object::Tuple(_)
            | Object::List(_)
            | Object::Dict(_)
            | Object::Call(_)
            | Object::Persistent(_) => self.made.0.push(object.clone()),
            _ => {}
        }
        self.count += 1;
        if self.count > MOST_OBJECTS {
            return Err(format!("more than {MOST_OBJECTS} objects"));
        }
        self.stack.push(object);
        Ok(None)
    }

    fn pop(&mut self) -> Parsed<Object> {
        if self.marks.last().is_some_and(|mark| self.stack.len() <= *mark) {
            return Err("nothing is left above the mark".to_string());
        }
        self.stack.pop().ok_or_else(|| "the stack is empty".to_string())
    }

    fn top(&self) -> Parsed<&Object> {
        self.stack.last().ok_or_else(|| "the stack is empty".to_string())
    }

    /// The objects above the last mark.
    fn marked(&mut self) -> Parsed<Vec<Object>> {
        let mark = self.marks.pop().ok_or_else(|| "there is no mark".to_string())?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    fn remember(&mut self, place: usize) -> Parsed<Option<Object>> {
        if place > MOST_OBJECTS {
            return Err(format!("memo {place}"));
        }
        let object = self.top()?.clone();
        if self.memo.len() <= place {
            self.memo.resize(place + 1, None);
        }
        self.memo[place] = Some(object);
        Ok(None)
    }

    fn recall(&mut self, place: usize) -> Parsed<Option<Object>> {
        let object = self.memo.get(place).cloned().flatten();
        self.push(object.ok_or_else(|| format!("memo {place} is empty"))?)
    }

    fn tuple(&mut self, count: usize) -> Parsed<Option<Object>> {
        let mut parts = (0..count).map(|_| self.pop()).collect::<Parsed<Vec<_>>>()?;
        parts.reverse();
        self.push(Object::Tuple(parts.into()))
    }

    fn extend(&mut self, items: Vec<Object>) -> Parsed<Option<Object>> {
        match self.top()? {
            Object::List(list) => list.borrow_mut().extend(items),
            // Elements of an object that is not made.
            Object::Call(_) => {}
            _ => return Err("elements for what is no list".to_string()),
        }
        Ok(None)
    }

    fn insert(&mut self, items: Vec<Object>) -> Parsed<Option<Object>> {
        if !items.len().is_multiple_of(2) {
            return Err("a key without a value".to_string());
        }
        match self.top()? {
            Object::Dict(dict) => {
                let mut items = items.into_iter();
                let mut dict = dict.borrow_mut();
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    dict.push((key, value));
                }
            }
            Object::Call(_) => {}
            _ => return Err("entries for what is no dictionary".to_string()),
        }
        Ok(None)
    }

    /// `function(*arguments)`: an ordered dictionary is a dictionary, all else stays what it says.
    fn call(&mut self) -> Parsed<Option<Object>> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        let ordered = matches!(&function, Object::Global(name) if &**name == "collections.OrderedDict");
        self.push(match arguments.tuple() {
            Some([]) if ordered => Object::Dict(Rc::default()),
            _ => Object::Call(Rc::new((function, arguments))),
        })
    }

    /// One instruction; the object that the pickle describes at its end.
    fn step(&mut self) -> Parsed<Option<Object>> {
        let code = self.take(1)?[0];
        match code {
            0x80 => self.take(1).map(|_| None),
            0x95 => self.take(8).map(|_| None),
            b'.' => self.pop().map(Some),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(None)
            }
            b'0' => self.pop().map(|_| None),
            b'1' => self.marked().map(|_| None),
            b'2' => self.top()?.clone().pipe(|object| self.push(object)),
            b'N' => self.push(Object::None),
            0x88 => self.push(Object::Bool(true)),
            0x89 => self.push(Object::Bool(false)),
            b'J' => self.number(4)?.pipe(|number| self.push(Object::Int(i64::from(number as u32 as i32)))),
            b'K' => self.number(1)?.pipe(|number| self.push(Object::Int(number as i64))),
            b'M' => self.number(2)?.pipe(|number| self.push(Object::Int(number as i64))),
            0x8a => {
                let length = self.length(1)?;
                if length > 8 {
                    return Err("a whole number of more than 64 bits".to_string());
                }
                let number = self.number(length)?;
                let unused = 64 - 8 * length as u32;
                let number = if length == 0 { 0 } else { ((number << unused) as i64) >> unused };
                self.push(Object::Int(number))
            }
            b'G' => {
                let bits = self.take(8)?.iter().fold(0, |bits: u64, byte| bits << 8 | u64::from(*byte));
                self.push(Object::Float(f64::from_bits(bits)))
            }
            b'X' => self.length(4).and_then(|n| self.text(n)).and_then(|text| self.push(text)),
            0x8c => self.length(1).and_then(|n| self.text(n)).and_then(|text| self.push(text)),
            0x8d => self.length(8).and_then(|n| self.text(n)).and_then(|text| self.push(text)),
            b'B' | b'T' | b'C' | b'U' | 0x8e => {
                let width = match code {
                    b'C' | b'U' => 1,
                    0x8e => 8,
                    _ => 4,
                };
                let length = self.length(width)?;
                let bytes = Object::Bytes(self.take(length)?.into());
                self.push(bytes)
            }
            b'}' => self.push(Object::Dict(Rc::default())),
            b']' | 0x8f => self.push(Object::List(Rc::default())),
            b')' => self.push(Object::Tuple(Rc::new([]))),
            b't' => self.marked()?.pipe(|parts| self.push(Object::Tuple(parts.into()))),
            0x85 => self.tuple(1),
            0x86 => self.tuple(2),
            0x87 => self.tuple(3),
            0x91 => self.marked()?.pipe(|parts| self.push(Object::List(Rc::new(RefCell::new(parts))))),
            b'a' => self.pop()?.pipe(|item| self.extend(vec![item])),
            b'e' | 0x90 => self.marked()?.pipe(|items| self.extend(items)),
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.insert(vec![key, value])
            }
            b'u' => self.marked()?.pipe(|items| self.insert(items)),
            b'q' => self.number(1)?.pipe(|place| self.remember(place as usize)),
            b'r' => self.length(4)?.pipe(|place| self.remember(place)),
            0x94 => self.remember(self.memo.len()),
            b'h' => self.number(1)?.pipe(|place| self.recall(place as usize)),
            b'j' => self.length(4)?.pipe(|place| self.recall(place)),
            b'c' => {
                let name = format!("{}.{}", self.line()?, self.line()?);
                self.push(Object::Global(name.into()))
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Object::Text(name), Object::Text(module)) => {
                    self.push(Object::Global(format!("{module}.{name}").into()))
                }
                _ => Err("a name that is no text".to_string()),
            },
            b'R' | 0x81 => self.call(),
            // The state of an object that is not made, or the notes of an ordered dictionary.
            b'b' => self.pop().map(|_| None),
            b'Q' => self.pop()?.pipe(|id| self.push(Object::Persistent(Rc::new(id)))),
            other => Err(format!("instruction {other:#04x}")),
        }
    }
}

/// `value.pipe(f)` is `f(value)`, so that an instruction reads in the order in which it works.
trait Pipe: Sized {
    fn pipe<R>(self, function: impl FnOnce(Self) -> R) -> R {
        function(self)
    }
}

impl<T> Pipe for T {}
