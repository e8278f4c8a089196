@shop/sell
Feature: Selling
  @id:rows
  Scenario Outline: Row <case>
    Given a stock of <stock>
    When <sold> are sold
    Then <rest> are left

    Examples:
      | case | stock | sold | left |
      | a    | 3     | 1    | 2    |
