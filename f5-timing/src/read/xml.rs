//! Just enough XML for TTML: elements, attributes, text, references, CDATA; no entities of its own,
//! so nothing expands.

/// What comes next in a document.
#[derive(Debug, PartialEq)]
pub(crate) enum Event<'a> {
    /// `<name …>`; an empty element is followed by its end.
    Start(&'a str, Vec<(&'a str, String)>),
    End(&'a str),
    Text(String),
}

/// Walks through a document.
#[derive(Debug)]
pub(crate) struct Xml<'a> {
    text: &'a str,
    at: usize,
    /// Name of an empty element whose end has not been told yet.
    empty: Option<&'a str>,
}

impl<'a> Xml<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            empty: None,
        }
    }

    /// Line and column of where it stands, both from 1.
    pub(crate) fn position(&self) -> (usize, usize) {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        (
            line,
            before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1,
        )
    }

    /// The next event, `None` at the end; the error is a reason.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'a>>, &'static str> {
        if let Some(name) = self.empty.take() {
            return Ok(Some(Event::End(name)));
        }
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return Ok(None);
            }
            if !rest.starts_with('<') {
                let end = rest.find('<').unwrap_or(rest.len());
                let text = decode(&rest[..end])?;
                self.at += end;
                return Ok(Some(Event::Text(text)));
            }
            if let Some(data) = rest.strip_prefix("<![CDATA[") {
                let end = data.find("]]>").ok_or("a CDATA section does not end")?;
                self.at += 9 + end + 3;
                return Ok(Some(Event::Text(data[..end].to_owned())));
            }
            let (skip, reason) = if let Some(comment) = rest.strip_prefix("<!--") {
                (
                    comment.find("-->").map(|end| 4 + end + 3),
                    "a comment does not end",
                )
            } else if rest.starts_with("<?") {
                (
                    rest.find("?>").map(|end| end + 2),
                    "an instruction does not end",
                )
            } else if rest.starts_with("<!") {
                return Err("document types are not read");
            } else {
                return self.tag().map(Some);
            };
            self.at += skip.ok_or(reason)?;
        }
    }

    fn tag(&mut self) -> Result<Event<'a>, &'static str> {
        let rest = &self.text[self.at + 1..];
        if let Some(name) = rest.strip_prefix('/') {
            let end = name.find('>').ok_or("a tag does not end")?;
            self.at += 2 + end + 1;
            return Ok(Event::End(local(name[..end].trim_end())));
        }
        let mut cursor = Cursor(rest);
        let name = cursor.name().ok_or("expected the name of an element")?;
        let mut attributes = Vec::new();
        loop {
            cursor.skip_space();
            if cursor.take("/>") {
                self.empty = Some(local(name));
                break;
            }
            if cursor.take(">") {
                break;
            }
            let key = cursor
                .name()
                .ok_or("expected an attribute or the end of the tag")?;
            cursor.skip_space();
            if !cursor.take("=") {
                return Err("expected = behind the name of an attribute");
            }
            cursor.skip_space();
            attributes.push((local(key), decode(cursor.quoted()?)?));
        }
        self.at = self.text.len() - cursor.0.len();
        Ok(Event::Start(local(name), attributes))
    }
}

struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn skip_space(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        let rest = self.0.strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn name(&mut self) -> Option<&'a str> {
        let ends = |c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/' | '<' | '"' | '\'');
        let end = self.0.find(ends).unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at(end);
        self.0 = rest;
        (!name.is_empty()).then_some(name)
    }

    fn quoted(&mut self) -> Result<&'a str, &'static str> {
        let quote = self.0.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.ok_or("expected a quoted value")?;
        let inner = &self.0[1..];
        let end = inner.find(quote).ok_or("a quoted value does not end")?;
        self.0 = &inner[end + 1..];
        Ok(&inner[..end])
    }
}

/// A name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Resolves the five references of XML and numeric ones.
fn decode(text: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (name, after) = rest[at + 1..]
            .split_once(';')
            .ok_or("a reference does not end")?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let code = match name.strip_prefix("#x") {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => name.strip_prefix('#').and_then(|code| code.parse().ok()),
                };
                code.and_then(char::from_u32)
                    .ok_or("an unknown reference")?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}
