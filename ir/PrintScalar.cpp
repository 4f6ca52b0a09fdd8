//===- PrintScalar.cpp - names, numbers and scalars to text ----------------------------------===//

#include "TextPrinter.h"
#include "Walk.h"
#include <charconv>
#include <cmath>

namespace hpcc::ir {

unsigned precedenceOf(ScalarOp op) {
  switch (op) {
  case ScalarOp::Less:
  case ScalarOp::LessEqual:
  case ScalarOp::Greater:
  case ScalarOp::GreaterEqual:
  case ScalarOp::Equal:
  case ScalarOp::NotEqual:
    return 1;
  case ScalarOp::Or:
    return 2;
  case ScalarOp::Xor:
    return 3;
  case ScalarOp::And:
    return 4;
  case ScalarOp::ShiftLeft:
  case ScalarOp::ShiftRight:
    return 5;
  case ScalarOp::Add:
  case ScalarOp::Subtract:
    return 6;
  case ScalarOp::Multiply:
  case ScalarOp::Divide:
  case ScalarOp::FloorDivide:
  case ScalarOp::Modulo:
    return 7;
  default:
    return 0;
  }
}

//===-----------------------------------------------------------------------------------------===//
// Names and literals
//===-----------------------------------------------------------------------------------------===//

void Printer::symbol(SymbolId id) {
  if (id.index < program.symbols.size())
    out << program.symbols[id.index].name;
  else
    out << "?" << id.index;
}

void Printer::buffer(BufferId id) {
  out << '%';
  if (id.index < program.buffers.size())
    out << program.buffers[id.index].name;
  else
    out << "?" << id.index;
}

void Printer::atName(llvm::StringRef name) {
  out << '@';
  auto isWordChar = [](unsigned char c) {
    return llvm::isAlnum(c) || c == '_' || c == '.' || c >= 0x80;
  };
  if (!name.empty() && llvm::all_of(name, isWordChar) && !llvm::isDigit(name[0]) && name[0] != '.')
    out << name;
  else
    string(name);
}

void Printer::string(llvm::StringRef text) {
  out << '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      out << '\\' << c;
    else if (c == '\n')
      out << "\\n";
    else if (c == '\t')
      out << "\\t";
    else if (c < 0x20 || c == 0x7f)
      out << "\\x" << llvm::hexdigit(c >> 4, true) << llvm::hexdigit(c & 15, true);
    else
      out << c;
  }
  out << '"';
}

void Printer::range(Loc loc) {
  out << loc.line << ':' << loc.column << '-' << loc.endLine << ':' << loc.endColumn;
}

/// The shortest decimal that reads back as the same value, marked as a float.
template <typename Float> static std::string floatText(Float value) {
  char digits[64];
  auto end = std::to_chars(digits, digits + sizeof digits, value);
  std::string text(digits, end.ptr);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

void Printer::constant(const ScalarConstant &constant) {
  auto bits = [&] {
    out << nameOf(constant.type) << ":0x" << llvm::utohexstr(constant.bits, true);
  };
  bool fits = sizeOf(constant.type) >= 8 || constant.bits >> (8 * sizeOf(constant.type)) == 0;
  if (!fits || isComplex(constant.type))
    return bits();
  if (constant.type == DType::Bool)
    return constant.bits <= 1 ? void(out << (constant.bits ? "true" : "false")) : bits();
  if (isFloat(constant.type)) {
    if (!std::isfinite(asDouble(constant)))
      return bits();
    if (constant.type == DType::F64)
      out << floatText(asDouble(constant));
    else
      out << floatText(static_cast<float>(asDouble(constant))) << ":f32";
    return;
  }
  if (isUnsigned(constant.type))
    out << constant.bits;
  else
    out << asInteger(constant);
  if (constant.type != DType::I64)
    out << ':' << nameOf(constant.type);
}

//===-----------------------------------------------------------------------------------------===//
// Affine forms and scalars
//===-----------------------------------------------------------------------------------------===//

void Printer::affine(const Affine &form) {
  if (form.isConstant()) {
    out << form.constant;
    return;
  }
  auto magnitude = [](int64_t value) {
    return value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  };
  bool first = true;
  for (const AffineTerm &term : form.terms) {
    if (first)
      out << (term.coefficient < 0 ? "-" : "");
    else
      out << (term.coefficient < 0 ? " - " : " + ");
    if (magnitude(term.coefficient) != 1)
      out << magnitude(term.coefficient) << '*';
    symbol(term.symbol);
    first = false;
  }
  if (form.constant != 0)
    out << (form.constant < 0 ? " - " : " + ") << magnitude(form.constant);
}

void Printer::affines(llvm::ArrayRef<Affine> forms) {
  list(forms, [&](const Affine &form) { affine(form); });
}

void Printer::bound(const Bound &bound, llvm::StringRef function) {
  if (bound.forms.size() == 1)
    return affine(bound.forms.front());
  out << function << '(', affines(bound.forms), out << ')';
}

void Printer::access(const Access &access) {
  buffer(access.buffer);
  if (access.slot)
    out << '{', affine(*access.slot), out << '}';
  out << '[';
  list(access.indices, [&](const Index &index) {
    if (!index.wrap)
      return affine(index.form);
    out << '(', affine(index.form), out << ") wrap ", affine(*index.wrap);
  });
  out << ']';
}

void Printer::scalars(llvm::ArrayRef<Scalar> scalars) {
  list(scalars, [&](const Scalar &each) { scalar(each); });
}

void Printer::apply(const ScalarApply &apply, unsigned minimumPrecedence) {
  const ScalarOpInfo &info = infoOf(apply.op);
  bool infix = !apply.checked && !info.infix.empty() && apply.operands.size() == 2;
  if (!infix) {
    out << info.text << (apply.checked ? ".py" : "");
    if (options.locations && apply.loc != Loc{})
      out << '@', range(apply.loc);
    out << '(', scalars(apply.operands), out << ')';
    return;
  }
  unsigned precedence = precedenceOf(apply.op);
  bool comparison = precedence == 1;
  bool parentheses = precedence < minimumPrecedence;
  out << (parentheses ? "(" : "");
  scalar(apply.operands[0], comparison ? precedence + 1 : precedence);
  out << ' ' << info.infix << ' ';
  scalar(apply.operands[1], precedence + 1);
  out << (parentheses ? ")" : "");
}

void Printer::scalar(const Scalar &scalar, unsigned minimumPrecedence) {
  std::visit(overloaded{[&](const ScalarConstant &node) { constant(node); },
                        [&](const ScalarAffine &node) {
                          if (node.form.asSymbol())
                            return affine(node.form);
                          out << '[', affine(node.form), out << ']';
                        },
                        [&](const ScalarLoad &node) { access(node.access); },
                        [&](const ScalarGather &node) {
                          out << "gather ", buffer(node.buffer);
                          out << '[', scalars(node.indices), out << ']';
                        },
                        [&](const ScalarDim &node) {
                          out << "dim(", buffer(node.buffer), out << ", " << node.dim << ')';
                        },
                        [&](const ScalarState &node) {
                          out << (node.question == StateQuestion::Even ? "even(" : "bound(");
                          buffer(node.buffer), out << ')';
                        },
                        [&](const ScalarCast &node) {
                          out << nameOf(node.type) << (node.checked ? ".py" : "");
                          if (options.locations && node.loc != Loc{})
                            out << '@', range(node.loc);
                          out << '(', scalars(node.operand), out << ')';
                        },
                        [&](const ScalarApply &node) { apply(node, minimumPrecedence); }},
             scalar.node);
}

} // namespace hpcc::ir
